"""What the tests of the real platform as a host have in common: an application, and short ways to a Worker."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App

OBJECTS = "tests/workerd/objects.js"
START_MS = 1_893_456_000_000  # 2030-01-01, where the clock starts


@pytest.fixture
def durable_app() -> App:
    """The application whose objects are the probes."""
    return App(classes=[f"{OBJECTS}:Probe"], vars={"GREETING": "hello"})


@pytest.fixture
def probe(durable: Any) -> Any:
    """One of its objects."""
    return durable.namespace("PROBE").get_by_name("a")


def worker(directory: Path, source: str) -> str:
    """Write a Worker; its path."""
    path = directory / "worker.js"
    path.write_text('import { DurableObject } from "cloudflare:workers";\n' + source)
    return str(path)


def process_of(host: Any) -> Any:
    """The process that runs."""
    return host._process._life.process._process


def kill(host: Any) -> None:
    """End the process of a host behind its back."""
    process = process_of(host)
    os.kill(process.pid, signal.SIGKILL)
    process._child.wait()


def impatient(host: Any) -> Any:
    """Give the process of a host little real time to come to rest."""
    process_of(host).conversation.real_seconds_max = 0.1
    return host

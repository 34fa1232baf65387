"""Requests to the harness and what its answers mean. Pure; ``harness.js`` is the other side."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pytest_durable._core.errors import DurableError, UnsupportedOnHostError
from pytest_durable._hosts.workerd.exchange import Reply
from pytest_durable._hosts.workerd.values import from_wire, to_wire

Headers: TypeAlias = Iterable[tuple[str, str]]


class HarnessError(DurableError):
    """The harness did not understand a request, or its answer makes no sense: a defect of this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One object: the name of its class, and an id in hexadecimal or a name."""

    class_name: str
    object_id: str | None = None
    name: str | None = None

    def to_wire(self) -> dict[str, str]:
        """Return the form the harness knows."""
        if self.object_id is not None:
            return {"class": self.class_name, "id": self.object_id}
        if self.name is None:
            raise ValueError("A target needs an id or a name.")
        return {"class": self.class_name, "name": self.name}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the call returned."""

    value: object


@dataclass(frozen=True, slots=True)
class Failure:
    """What the call threw: nearly always a ``JSError``, whose properties hold remote, retryable and their kin."""

    thrown: object


def call(target: Target, method: str, arguments: Sequence[object]) -> bytes:
    """Ask for a call of a method."""
    return _request("call", target=target.to_wire(), method=method, args=to_wire(list(arguments)))


def fetch(
    target: Target | None, url: str, method: str = "GET", headers: Headers = (), body: bytes | None = None
) -> bytes:
    """Ask for a fetch of an object, or with None of the worker.

    The answer is a dict: status, statusText, headers (a list of pairs) and body (bytes).
    """
    told = {"url": url, "method": method, "headers": [list(pair) for pair in headers], "body": None}
    if body is not None:
        told["body"] = base64.b64encode(body).decode()
    return _request("fetchWorker", **told) if target is None else _request("fetch", target=target.to_wire(), **told)


def scheduled(cron: str | None, time_ms: int) -> bytes:
    """Ask for a run of the worker's scheduled handler. The answer is a dict: outcome, noRetry."""
    return _request("scheduled", cron=cron, time=time_ms)


def evict(target: Target, web_sockets: str) -> bytes:
    """Ask for the eviction of one idle object, and for what is to become of its WebSockets: hibernate or close."""
    return _request("evict", target=target.to_wire(), webSockets=web_sockets)


def evict_all(web_sockets: str) -> bytes:
    """Ask for the eviction of every idle object."""
    return _request("evictAll", webSockets=web_sockets)


def abort_all() -> bytes:
    """Ask for the abortion of every object. Data and alarms stay."""
    return _unsafe("abortAllDurableObjects")


def delete_all() -> bytes:
    """Ask for the end of every object and of its data."""
    return _unsafe("deleteAllDurableObjects")


def echo(value: object) -> bytes:
    """Ask for the value itself, as tests of the values do."""
    return _request("echo", value=to_wire(value))


def read_answer(reply: Reply | None) -> Answer | Failure | None:
    """Say what came of a request; None means that the process ended, or let go of the connection, before it answered.

    Raises:
        UnsupportedOnHostError: The answer holds a value that cannot leave the process, such as a function.
        HarnessError: The request or the answer makes no sense.
    """
    if reply is None:
        return None
    if reply.status != 200:
        raise HarnessError(f"The harness failed with status {reply.status}.\n\n{reply.body.decode(errors='replace')}")
    match json.loads(reply.body):
        case {"ok": wire}:
            return Answer(from_wire(wire))
        case {"thrown": wire}:
            return Failure(from_wire(wire))
        case {"unsupported": what}:
            raise UnsupportedOnHostError(
                f"The real platform answered with {what}, which cannot leave its process.\n\n"
                "Return plain values, or fetch."
            )
        case answer:
            raise HarnessError(f"The harness failed.\n\n{answer}")


def _unsafe(verb: str) -> bytes:
    return _request("unsafe", name=verb)


def _request(verb: str, **told: Any) -> bytes:
    return json.dumps({"verb": verb, **told}).encode()

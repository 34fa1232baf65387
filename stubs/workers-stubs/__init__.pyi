"""What Python code of a Worker imports."""

from collections.abc import Awaitable
from typing import Any

from workers.entrypoints import DurableObject as DurableObject, WorkerEntrypoint as WorkerEntrypoint
from workers.request import Request as Request
from workers.response import Response as Response
from workers.rpc import python_from_rpc as python_from_rpc, python_to_rpc as python_to_rpc

__all__ = [
    "DurableObject",
    "Request",
    "Response",
    "WorkerEntrypoint",
    "env",
    "import_from_javascript",
    "python_from_rpc",
    "python_to_rpc",
    "waitUntil",
    "wait_until",
]

env: Any

def import_from_javascript(module_name: str) -> Any:
    """A module of the platform; here only ``"cloudflare:workers"``."""

def waitUntil(awaitable: Awaitable[Any]) -> None:
    """Run ``awaitable`` beyond the answer to the event that is being handled."""

def wait_until(awaitable: Awaitable[Any]) -> None:
    """Run ``awaitable`` beyond the answer to the event that is being handled."""

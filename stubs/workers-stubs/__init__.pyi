"""What Python code of a Worker imports."""

from collections.abc import Awaitable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from workers.blob import Blob as Blob, BlobEnding as BlobEnding, File as File
from workers.entrypoints import (
    DurableObject as DurableObject,
    WorkerEntrypoint as WorkerEntrypoint,
    WorkflowEntrypoint as WorkflowEntrypoint,
    handler as handler,
)
from workers.fetch import fetch as fetch
from workers.formdata import FormData as FormData
from workers.request import Request as Request
from workers.response import FetchResponse as FetchResponse, Response as Response
from workers.rpc import python_from_rpc as python_from_rpc, python_to_rpc as python_to_rpc
from workers.types import (
    BlobValue as BlobValue,
    Body as Body,
    Context as Context,
    FetchKwargs as FetchKwargs,
    FormDataValue as FormDataValue,
    Headers as Headers,
    JSBody as JSBody,
    RequestInitCfProperties as RequestInitCfProperties,
)

__all__ = [
    "Blob",
    "BlobEnding",
    "BlobValue",
    "Body",
    "Context",
    "DurableObject",
    "FetchKwargs",
    "FetchResponse",
    "File",
    "FormData",
    "FormDataValue",
    "Headers",
    "JSBody",
    "Request",
    "RequestInitCfProperties",
    "Response",
    "WorkerEntrypoint",
    "WorkflowEntrypoint",
    "env",
    "fetch",
    "handler",
    "import_from_javascript",
    "patch_env",
    "python_from_rpc",
    "python_to_rpc",
    "waitUntil",
    "wait_until",
]

env: Any

def import_from_javascript(module_name: str) -> Any:
    """A module of the platform: ``"cloudflare:workers"``, or ``"cloudflare:sockets"``, whose ``connect`` is missing."""

def patch_env(
    d: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None, **kwds: Any
) -> AbstractContextManager[None]:
    """Let ``workers.env`` show other values inside a ``with`` block; ``self.env`` stays what it is."""

def waitUntil(awaitable: Awaitable[Any]) -> None:
    """Run ``awaitable`` beyond the answer to the event that is being handled."""

def wait_until(awaitable: Awaitable[Any]) -> None:
    """Run ``awaitable`` beyond the answer to the event that is being handled."""

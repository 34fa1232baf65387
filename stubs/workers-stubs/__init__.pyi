"""What Python code of a Worker imports."""

from collections.abc import Awaitable
from typing import Any

from workers.blob import Blob as Blob, BlobEnding as BlobEnding, File as File
from workers.entrypoints import DurableObject as DurableObject, WorkerEntrypoint as WorkerEntrypoint
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
    "env",
    "fetch",
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

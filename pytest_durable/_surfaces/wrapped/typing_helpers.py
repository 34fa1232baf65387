"""Names of the SDK that are of use in annotations only.

Source: workers-runtime-sdk workers/types.py; spec python-workers 1.4.
"""

from collections.abc import Awaitable
from http import HTTPMethod
from types import MappingProxyType
from typing import Any, Final, Protocol, TypedDict


class Context(Protocol):
    """The context of a Worker's event."""

    def waitUntil(self, other: Awaitable[Any]) -> None:
        """Run ``other`` beyond the answer."""


class RequestInitCfProperties(TypedDict, total=False):
    """What ``cf=`` of a request can say."""

    apps: bool | None
    cacheEverything: bool | None
    cacheKey: str | None
    cacheTags: list[str] | None
    cacheTtl: int
    cacheTtlByStatus: dict[str, int]
    image: Any | None
    mirage: bool | None
    polish: str | None
    resolveOverride: str | None
    scrapeShield: bool | None
    webp: bool | None


class FetchKwargs(TypedDict, total=False):
    """What ``fetch`` takes besides the address."""

    headers: Any
    body: Any
    method: HTTPMethod | None
    redirect: str | None
    cf: RequestInitCfProperties | None
    fetcher: Any


HELPERS: Final = MappingProxyType(
    {
        "BlobValue": "str | bytes | js.ArrayBuffer | js.TypedArray | js.DataView | js.Blob | Blob | File",
        "Body": "str | FormData | js.Blob | JsBuffer | js.FormData | js.ReadableStream | js.URLSearchParams",
        "Context": Context,
        "FetchKwargs": FetchKwargs,
        "FormDataValue": "str | js.Blob | Blob",
        "Headers": "dict[str, str] | list[tuple[str, str]] | js.Headers",
        "JSBody": "js.Blob | JsBuffer | js.FormData | js.ReadableStream | js.URLSearchParams",
        "RequestInitCfProperties": RequestInitCfProperties,
    }
)

"""Names for annotations."""

from collections.abc import Awaitable
from http import HTTPMethod
from typing import Any, Protocol, TypeAlias, TypedDict

from workers.blob import Blob, File
from workers.formdata import FormData

BlobValue: TypeAlias = "str | bytes | Blob | File | Any"
Body: TypeAlias = "str | bytes | FormData | Any"
FormDataValue: TypeAlias = "str | Blob | Any"
Headers: TypeAlias = "dict[str, str] | list[tuple[str, str]] | Any"
JSBody: TypeAlias = "Any"

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

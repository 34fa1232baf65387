"""``Blob`` and ``File`` of the SDK.

Source: workers-runtime-sdk workers/blob.py; spec python-workers 1.4.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pytest_durable._core.http import FileContent
from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer
from pytest_durable._surfaces.wrapped.references import Sendable
from pytest_durable._surfaces.wrapped.web.blobs import BLOB, FILE, JsBlob, JsFile, blob_of


class BlobEnding(StrEnum):
    """What becomes of line ends in texts."""

    TRANSPARENT = "transparent"
    NATIVE = "native"


class Blob(Sendable):
    """Bytes with a type.

    Args:
        blob_parts: Texts, bytes, buffers and blobs, in order; or one of them, whose type it then has.
        content_type: The type.
        endings: What becomes of line ends. Only ``transparent`` exists on the platform.
    """

    _object: JsBlob

    def __init__(
        self, blob_parts: Any, content_type: str | None = None, endings: BlobEnding | str | None = None
    ) -> None:
        parts, single = _parts_of(blob_parts)
        self._object = BLOB.new(parts, type=content_type or (single.type if single is not None else None))

    @property
    def size(self) -> int:
        """How many bytes."""
        return self._object.size

    @property
    def content_type(self) -> str:
        """The type; empty if it has none."""
        return self._object.type

    @property
    def js_object(self) -> JsBlob:
        """The platform's own."""
        return self._object

    async def text(self) -> str:
        """The bytes as text."""
        return str(await self._object.text())

    async def bytes(self) -> bytes:
        """The bytes."""
        buffer: JsBuffer = await self._object.arrayBuffer()
        return buffer.to_bytes()

    def slice(self, start: int | None = None, end: int | None = None, content_type: str | None = None) -> "Blob":
        """A part of the bytes."""
        return Blob([self._object.slice(start, end, content_type)])

    def __to_wire__(self) -> object:
        return self._object.__to_wire__()


class File(Blob):
    """A blob with a name.

    Args:
        blob_parts: As of ``Blob``.
        filename: The name.
        content_type: The type.
        endings: As of ``Blob``.
        last_modified: When it was changed, in ms; now unless told.
    """

    _object: JsFile

    def __init__(
        self,
        blob_parts: Any,
        filename: str,
        content_type: str | None = None,
        endings: BlobEnding | str | None = None,
        last_modified: int | None = None,
    ) -> None:
        parts, single = _parts_of(blob_parts)
        modified = last_modified or (single.lastModified if isinstance(single, JsFile) else None)
        kind = content_type or (single.type if single is not None else None)
        self._object = FILE.new(parts, filename, type=kind, lastModified=modified)

    @property
    def name(self) -> str:
        """Its name."""
        return self._object.name

    @property
    def last_modified(self) -> int:
        """When it was changed, in ms."""
        return self._object.lastModified


def _parts_of(given: Any) -> tuple[list[Any], JsBlob | None]:
    """The parts as the platform takes them, and the blob that the only one is."""
    is_single = isinstance(given, str | bytes | Blob | JsBlob) or not isinstance(given, Iterable)
    parts = [_part(part) for part in ([given] if is_single else given)]
    return parts, parts[0] if is_single and isinstance(parts[0], JsBlob) else None


def _part(part: Any) -> Any:
    if isinstance(part, Blob):
        return part.js_object
    if isinstance(part, str | JsBlob | JsBuffer):
        return part
    try:
        return bytes(memoryview(part))
    except TypeError:
        raise TypeError(f"Don't know how to handle {type(part)} for Blob()") from None


def blob_from_platform(blob: JsBlob) -> Blob:
    """The SDK's blob or file of the platform's."""
    return File(blob, blob.name) if isinstance(blob, JsFile) else Blob(blob)


def blob_from_wire(content: FileContent) -> Blob:
    """The blob or file a receiver gets."""
    return blob_from_platform(blob_of(content))

"""``Blob`` and ``File``.

Source: the W3C's File API; workerd api/blob.c++.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pytest_durable._core.actor import ABSENT, int32_of
from pytest_durable._core.http import FileContent
from pytest_durable._core.storage.values import JSTypedArray
from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.now import now_ms
from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer, proxy_of
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.references import Copied
from pytest_durable._surfaces.wrapped.web.interfaces import (
    Interface,
    Members,
    is_absent,
    not_constructible,
    text,
)
from pytest_durable._surfaces.wrapped.web.streams import JsReadableStream, stream_of_bytes


class JsBlob(JsProxy, Copied):
    """Bytes with a type."""

    _kind = "Blob"
    _target: FileContent

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self._target.content)

    @property
    def type(self) -> str:
        """The type, in small letters; empty if there is none."""
        return self._target.content_type

    def text(self) -> Settled:
        """Promise of the bytes as text."""
        return Settled(self._target.content.decode("utf-8", "replace"))

    def arrayBuffer(self) -> Settled:
        """Promise of an ArrayBuffer."""
        return Settled(proxy_of(self._target.content))

    def bytes(self) -> Settled:
        """Promise of a Uint8Array."""
        return Settled(proxy_of(JSTypedArray("Uint8Array", self._target.content)))

    def stream(self) -> JsReadableStream:
        """The bytes as a stream."""
        return JsReadableStream(stream_of_bytes(self._target.content))

    def slice(self, start: Any = None, end: Any = None, content_type: Any = None) -> "JsBlob":
        """A part of the bytes; negative places count from the end."""
        first = 0 if is_absent(start) else int32_of(wire_of(start))
        last = self.size if is_absent(end) else int32_of(wire_of(end))
        kind = "" if is_absent(content_type) else text(content_type).lower()
        return JsBlob(FileContent(content=self._target.content[first:last], content_type=kind))

    def __copied__(self) -> FileContent:
        return self._target

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True


class JsFile(JsBlob):
    """A blob with a name."""

    _kind = "File"

    @property
    def name(self) -> str:
        """Its name."""
        return self._target.name or ""

    @property
    def lastModified(self) -> int:
        """When it was changed, in ms."""
        return self._target.modified_ms


def blob_of(content: FileContent) -> JsBlob:
    """The blob or file of some content."""
    return JsBlob(content) if content.name is None else JsFile(content)


def _bytes_of(part: Any) -> bytes:
    if isinstance(part, JsBlob):
        return part._target.content
    if isinstance(part, JsBuffer):
        return part.to_bytes()
    return bytes(part) if isinstance(part, bytes | bytearray | memoryview) else text(part).encode("utf-8", "replace")


def _content(interface: str, parts: Any, options: Members) -> FileContent:
    if is_absent(parts):
        return FileContent(content=b"")
    if isinstance(parts, str | bytes | dict) or not isinstance(parts, Iterable):
        raise not_constructible(interface, 1, "Array")
    kind = options.get("type")
    return FileContent(
        content=b"".join(map(_bytes_of, parts)), content_type="" if is_absent(kind) else text(kind).lower()
    )


def _new_blob(parts: Any = None, options: Any = None, **members: Any) -> JsBlob:
    return JsBlob(_content("Blob", parts, Members(options, members)))


def _new_file(parts: Any = ABSENT, name: Any = ABSENT, options: Any = None, **members: Any) -> JsFile:
    if name is ABSENT:
        raise not_constructible("File", 2, "string")
    told = Members(options, members)
    modified = told.get("lastModified")
    modified_ms = now_ms() if is_absent(modified) else int(modified)
    return JsFile(replace(_content("File", parts, told), name=text(name), modified_ms=modified_ms))


BLOB: Final = Interface("Blob", _new_blob)
FILE: Final = Interface("File", _new_file)

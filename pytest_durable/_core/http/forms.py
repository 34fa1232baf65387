"""Forms as they travel: ``multipart/form-data``.

Source: the WHATWG's HTML standard and RFC 7578; workerd api/form-data.c++; form and texts were asked of the binary.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pytest_durable._core.platform_errors import type_error

_DEFAULT_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file, or (without a name) bytes with a type.

    Attributes:
        content: Its bytes.
        content_type: Its type in small letters; empty if it has none.
        name: Of the file; None: it is no file.
        modified_ms: When it was changed, in milliseconds since the epoch.
    """

    content: bytes
    content_type: str = ""
    name: str | None = None
    modified_ms: int = 0


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One field of a form."""

    name: str
    value: str | FileContent


def encode_multipart(entries: Iterable[FormEntry], boundary: str) -> bytes:
    """The body that a form travels in."""
    out = bytearray()
    for entry in entries:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(entry.name)}"'
        if isinstance(entry.value, str):
            out += f"{head}\r\n\r\n{entry.value}".encode("utf-8", "replace")
        else:
            name, kind = _quoted(entry.value.name or "blob"), entry.value.content_type or _DEFAULT_TYPE
            out += f'{head}; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode("utf-8", "replace")
            out += entry.value.content
        out += b"\r\n"
    out += f"--{boundary}--".encode()
    return bytes(out)


def _quoted(name: str) -> str:
    return name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")


def boundary_of(content_type: str) -> str | None:
    """The boundary that a ``Content-Type`` names."""
    from email.message import Message  # here: few tests have forms, and it takes a while to load

    message = Message()
    message["content-type"] = content_type
    found = message.get_param("boundary")
    return found if isinstance(found, str) else None


def decode_multipart(body: bytes, content_type: str) -> list[FormEntry]:
    """The fields of a form that has travelled.

    Raises:
        PlatformError: TypeError; it is none.
    """
    boundary = boundary_of(content_type)
    if boundary is None:
        raise type_error(
            "No boundary string in Content-Type header. The multipart/form-data MIME type requires a boundary "
            "parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC 7578, section 4."
        )
    first, *parts = re.split(rb"(?:\A|\r\n)--" + re.escape(boundary.encode()), body)
    if not parts or first:
        raise type_error("No initial boundary string (or you have a truncated message).")
    if not parts[-1].startswith(b"--"):
        raise type_error("No subsequent boundary string after multipart message.")
    return [_entry(part) for part in parts[:-1]]


def _entry(part: bytes) -> FormEntry:
    head, separator, content = part.partition(b"\r\n\r\n")
    if not separator:
        raise type_error("No multipart message headers.")
    fields = dict(re.findall(r"^([^:\r\n]+):[ \t]*([^\r\n]*)", head.decode("utf-8", "replace"), re.MULTILINE))
    fields = {name.lower(): value for name, value in fields.items()}
    disposition = fields.get("content-disposition", "")
    name = _parameter(disposition, "name")
    if not disposition.lower().startswith("form-data") or name is None:
        raise type_error("No valid Content-Disposition header found in multipart message.")
    filename = _parameter(disposition, "filename")
    if filename is None:
        return FormEntry(name, content.decode("utf-8", "replace"))
    kind = fields.get("content-type", "")
    return FormEntry(name, FileContent(content=content, content_type=kind, name=filename))


def _parameter(disposition: str, name: str) -> str | None:
    found = re.search(rf';\s*{name}=(?:"([^"]*)"|([^;\s]*))', disposition)
    if found is None:
        return None
    text: str = found[1] if found[1] is not None else found[2]
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")

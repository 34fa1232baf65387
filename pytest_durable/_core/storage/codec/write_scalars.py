"""Writing what has no identity: the two kinds of nothing, booleans, numbers, strings."""

from struct import Struct
from typing import Final

from pytest_durable._core.storage.codec import tags
from pytest_durable._core.storage.codec.wire import SAFE_MAX, SMALL_MAX, SMALL_MIN
from pytest_durable._core.storage.codec.writer import NotCloneable, Writer
from pytest_durable._core.storage.values import Hole, Undefined

_pack_double: Final = Struct("<d").pack
_NAN: Final = b"\x00\x00\x00\x00\x00\x00\xf8\x7f"

_SHORT: Final = {
    number: bytes((tags.SIGNED, number << 1 if number >= 0 else ~(number << 1))) for number in range(-64, 64)
}
"""Tag and content of every int that takes a single byte."""


def write_undefined(writer: Writer, value: Undefined) -> None:
    """Write undefined."""
    writer.out.append(tags.UNDEFINED)


def write_null(writer: Writer, value: None) -> None:
    """Write null."""
    writer.out.append(tags.NULL)


def write_bool(writer: Writer, value: bool) -> None:
    """Write true or false."""
    writer.out.append(tags.TRUE if value else tags.FALSE)


def write_int(writer: Writer, value: int) -> None:
    """Write a number, or a BigInt from 2**53 on."""
    if SMALL_MIN <= value <= SMALL_MAX:
        write_small(writer, value)
    elif -SAFE_MAX <= value <= SAFE_MAX:
        write_double(writer, value)
    else:
        write_bigint(writer, value)


def write_small(writer: Writer, value: int) -> None:
    """Write an int between -2**30 and 2**30 - 1; the sign becomes the lowest bit."""
    short = _SHORT.get(value)
    if short is not None:
        writer.out += short
        return
    writer.out.append(tags.SIGNED)
    writer.varint(value << 1 if value >= 0 else ~(value << 1))


def write_float(writer: Writer, value: float) -> None:
    """Write a number; one that is integral and small as if it were an int, since there it is the same thing."""
    if is_small(value):
        write_int(writer, int(value))
    else:
        write_double(writer, value)


def is_small(value: int | float) -> bool:
    """Whether a number is written as an integer; minus zero is not."""
    return SMALL_MIN <= value <= SMALL_MAX and value == int(value) and (value != 0 or str(value)[0] != "-")


def write_double(writer: Writer, value: int | float) -> None:
    """Write a number as a double."""
    writer.out.append(tags.DOUBLE)
    write_bits_of_double(writer, value)


def write_bits_of_double(writer: Writer, value: int | float) -> None:
    """Write a double without tag. There is one NaN for all, because its sign depends on the processor."""
    writer.out += _pack_double(value) if value == value else _NAN


def write_bigint(writer: Writer, value: int) -> None:
    """Write a BigInt."""
    writer.out.append(tags.BIGINT)
    write_digits(writer, value)


def write_digits(writer: Writer, value: int) -> None:
    """Write length and sign, then whole 64-bit digits."""
    size = (value.bit_length() + 63) // 64 * 8
    writer.varint(size << 1 | (value < 0))
    writer.out += abs(value).to_bytes(size, "little")


def write_str(writer: Writer, value: str) -> None:
    """Write a string: a byte for each character if all are below U+0100, else UTF-16."""
    out = writer.out
    try:
        data = value.encode("latin-1")
    except UnicodeEncodeError:
        _write_two_bytes_each(writer, value.encode("utf-16-le", "surrogatepass"))
        return
    out.append(tags.ONE_BYTE_STRING)
    size = len(data)
    if size < 0x80:
        out.append(size)
    else:
        writer.varint(size)
    out += data


def _write_two_bytes_each(writer: Writer, data: bytes) -> None:
    size_of_size = (len(data).bit_length() + 6) // 7
    # The characters must begin at an even offset; old readers rely on it.
    if (len(writer.out) + 1 + size_of_size) % 2:
        writer.out.append(tags.PADDING)
    writer.out.append(tags.TWO_BYTE_STRING)
    writer.varint(len(data))
    writer.out += data


def write_hole(writer: Writer, value: Hole) -> None:
    """Refuse: a hole is the absence of an element, not a value."""
    raise NotCloneable("HOLE outside of a list could not be cloned.", value)

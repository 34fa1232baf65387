"""Reading what has no identity: the two kinds of nothing, booleans, numbers, strings."""

from typing import Final

from pytest_durable._core.storage.codec.reader import Reader
from pytest_durable._core.storage.codec.wire import SAFE_MAX

SHORT_SIGNED: Final = tuple((byte >> 1) ^ -(byte & 1) for byte in range(0x80))
"""What a signed integer of a single byte stands for."""


def read_padding(reader: Reader) -> object:
    """Skip padding; it precedes any tag."""
    reader.peek()
    return reader.read()


def read_object_count(reader: Reader) -> object:
    """Skip a count that very old writers put before a value."""
    reader.varint()
    return reader.read()


def read_undefined(reader: Reader) -> object:
    """Read undefined."""
    return reader.types.undefined


def read_null(reader: Reader) -> None:
    """Read null."""


def read_true(reader: Reader) -> bool:
    """Read true."""
    return True


def read_false(reader: Reader) -> bool:
    """Read false."""
    return False


def read_signed(reader: Reader) -> int:
    """Read a small integer: the sign is the lowest bit."""
    number = reader.varint()
    return (number >> 1) ^ -(number & 1)


def read_unsigned(reader: Reader) -> int:
    """Read an integer without sign."""
    return reader.varint()


def read_number(reader: Reader) -> int | float:
    """Read a double; an int if it is integral and below 2**53. Minus zero stays a float, an int could not say it."""
    number = reader.double()
    if number.is_integer() and -SAFE_MAX <= number <= SAFE_MAX and (number or str(number) == "0.0"):
        return int(number)
    return number


def read_bigint(reader: Reader) -> object:
    """Read a BigInt: length and sign, then little-endian digits."""
    header = reader.varint()
    if header == 1:
        reader.fail("a BigInt is minus zero")
    number = int.from_bytes(reader.take(header >> 1), "little")
    return reader.types.make_bigint(-number if header & 1 else number)


def read_one_byte_string(reader: Reader) -> str:
    """Read a string of characters below U+0100."""
    blob = reader.blob
    start = reader.at + 1
    end = start + blob[start - 1]
    if end - start < 0x80 and end <= len(blob):
        # A short string in one step; most are.
        reader.at = end
        return blob[start:end].decode("latin-1")
    return reader.take(reader.varint()).decode("latin-1")


def read_two_byte_string(reader: Reader) -> str:
    """Read a UTF-16 string; lone surrogates are kept."""
    size = reader.varint()
    if size % 2:
        reader.fail("a two-byte string has an odd number of bytes")
    return reader.take(size).decode("utf-16-le", "surrogatepass")


def read_utf8_string(reader: Reader) -> str:
    """Read a UTF-8 string, which is read but never written; wrong bytes become U+FFFD."""
    return reader.take(reader.varint()).decode("utf-8", "replace")

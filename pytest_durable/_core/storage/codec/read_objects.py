"""Reading dates, regular expressions, boxed primitives and errors."""

from math import nan

from pytest_durable._core.storage.codec import wire
from pytest_durable._core.storage.codec.numerals import index_of
from pytest_durable._core.storage.codec.read_scalars import read_bigint, read_number
from pytest_durable._core.storage.codec.reader import Reader


def read_date(reader: Reader) -> object:
    """Read a Date: parts of a millisecond are cut off, and what lies outside the range of Dates is an invalid Date."""
    milliseconds = reader.double()
    is_valid = abs(milliseconds) <= wire.DATE_MS_MAX  # false for NaN
    made = reader.types.make_date(float(int(milliseconds)) if is_valid else nan)
    reader.objects.append(made)
    return made


def read_regexp(reader: Reader) -> object:
    """Read source and flags. The source is not compiled: a pattern that the platform would refuse is accepted."""
    number = reader.reserve()
    source = reader.text("the source of a regular expression")
    bits = reader.varint()
    flags = "".join(letter for letter, bit in wire.REGEXP_FLAGS.items() if bits & bit)
    if bits & ~sum(wire.REGEXP_FLAGS.values()) or {"u", "v"} <= set(flags):
        reader.fail(f"{bits:#x} are not flags of a regular expression")
    return _made(reader, number, reader.types.make_regexp(source, flags))


def read_boxed_true(reader: Reader) -> object:
    """Read a Boolean object."""
    return _made(reader, reader.reserve(), reader.types.make_boxed(True))


def read_boxed_false(reader: Reader) -> object:
    """Read a Boolean object."""
    return _made(reader, reader.reserve(), reader.types.make_boxed(False))


def read_boxed_number(reader: Reader) -> object:
    """Read a Number object."""
    return _made(reader, reader.reserve(), reader.types.make_boxed(read_number(reader)))


def read_boxed_bigint(reader: Reader) -> object:
    """Read a BigInt object."""
    return _made(reader, reader.reserve(), reader.types.make_boxed(read_bigint(reader)))


def read_boxed_string(reader: Reader) -> object:
    """Read a String object."""
    number = reader.reserve()
    return _made(reader, number, reader.types.make_boxed(reader.text("the content of a String object")))


def read_error(reader: Reader) -> object:
    """Read an error in V8's own form: marked parts up to a full stop.

    V8 puts the cause last, so that it may refer to the error; until 2023 (Node 20) it stood before the stack and could
    not. Both are read.
    """
    number = reader.reserve()
    name, message = "Error", ""
    properties: dict[str, object] = {}
    while (part := reader.varint()) != wire.ERROR_END:
        if part in wire.ERROR_PROTOTYPES:
            name = wire.ERROR_PROTOTYPES[part]
        elif part == wire.ERROR_MESSAGE:
            message = reader.text("the message of an error")
        elif part == wire.ERROR_STACK:
            properties["stack"] = reader.text("the stack of an error")
        elif part == wire.ERROR_CAUSE:
            if reader.is_pending(number):
                _made(reader, number, reader.types.make_error(name, message, properties))
            properties["cause"] = reader.read()
        else:
            reader.fail(f"{part:#x} is no part of an error")
    if reader.is_pending(number):
        _made(reader, number, reader.types.make_error(name, message, properties))
    return reader.objects[number]


def read_host_object(reader: Reader) -> object:
    """Read an error in the platform's form: kind, name if the kind does not say it, message, own properties.

    The properties are an object like any other, so one that refers to the error itself can be written but not read: the
    platform fails in the same way. Source: workerd jsg/ser.c++, ReadHostObject; tried with the binary.
    """
    number = reader.reserve()
    kind_of_object = reader.varint()
    if kind_of_object != wire.HOST_ERROR:
        what = wire.HOST_OBJECTS.get(kind_of_object, f"of kind {kind_of_object}")
        reader.fail(f"objects of the platform (here {what}) are not read, except errors")
    kind = reader.varint()
    name = reader.read() if kind == 0 else wire.ERROR_NAMES_READ.get(kind, "Error")
    message: object = reader.text("the message of an error")
    body = reader.read()
    # A Map is a dict too where Python code receives it, and its keys may be anything.
    items = body.items() if isinstance(body, dict) else ()
    properties = {key: item for key, item in items if isinstance(key, str) and index_of(key) is None}
    name = properties.pop("name", name)
    message = properties.pop("message", message)
    return _made(reader, number, reader.types.make_error(name, message, properties))


def _made(reader: Reader, number: int, made: object) -> object:
    reader.objects[number] = made
    return made

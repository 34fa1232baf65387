"""Valid blobs, and blobs that are nearly valid: what the fuzzing of the decoder feeds it.

All of it follows from a seed, by ``random.Random`` alone.
"""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from pytest_durable._core.storage.codec import encode
from pytest_durable.values import (
    HOLE,
    UNDEFINED,
    JSArray,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)

#: Every tag byte that means something to the decoder, those that are always refused included.
TAGS: Final = b"\0?_0TFIUNZ\"cS^o{Aa$@-;:',DRyxnzsB~Vr\\tupwm"
#: What a length claims that wants too much, as varints.
LENGTHS: Final = tuple(
    bytes.fromhex(text)
    for text in ("00", "01", "7f", "8001", "ffff03", "81808008", "ffffffff07", "ffffffff0f", "ff" * 10)
)
#: What begins a value that holds another.
_OPENINGS: Final = (b"A\x01", b'o"\x01a', b";0", b"'", b"a\x01I\x00", b'\\\x0a\x01"\x00', b"rc", b"?\x01", b"\0")
_KEYS: Final = ("", "a", "key", "0", "7", "4294967294", "__proto__", "é", "😀", "name")


def value(chance: Random, depth: int = 4) -> Any:
    """A value that can be stored; deeper ones hold others, and some of those twice."""
    leaves: list[Callable[[], Any]] = [
        lambda: None,
        lambda: UNDEFINED,
        lambda: chance.choice([True, False]),
        lambda: chance.randint(-300, 300),
        lambda: chance.choice([0.5, -0.0, float("inf"), float("nan"), 2.0**31, 1e300]),
        lambda: JSBigInt(chance.randint(-(2**80), 2**80)),
        lambda: chance.choice(["", "text", "é", "😀 text", "\ud800", "x" * 130]),
        lambda: JSDate(chance.choice([0.0, 1e12, float("nan"), -1.0])),
        lambda: JSRegExp("a+", chance.choice(["", "g", "gi"])),
        lambda: JSBoxed(chance.choice([True, 5, "text"])),
        lambda: JSArrayBuffer(chance.randbytes(chance.choice([0, 1, 16]))),
    ]
    if depth <= 0 or chance.random() < 0.3:
        return chance.choice(leaves)()
    count = chance.randint(0, 4)
    parts = [value(chance, depth - 1) for _ in range(count)]
    parts += parts[:1] if chance.random() < 0.3 else []
    made: list[Callable[[], Any]] = [
        lambda: parts,
        lambda: dict(zip(chance.sample(_KEYS, len(parts)), parts, strict=True)),
        lambda: JSMap(zip(range(len(parts)), parts, strict=True)),
        lambda: JSSet(range(count)),
        lambda: JSError("Error", chance.choice(["", "no"]), {"cause": parts}),
        lambda: JSArray([*parts, HOLE, *parts]),
        lambda: _with_properties(parts),
        lambda: _views(chance),
    ]
    return chance.choice(made)()


def _with_properties(parts: list[Any]) -> JSArray:
    array = JSArray(parts)
    array.properties["more"] = 1
    return array


def _views(chance: Random) -> list[Any]:
    buffer = JSArrayBuffer(chance.randbytes(16), chance.choice([None, 32]))
    return [buffer, JSTypedArray("Uint8Array", buffer, 0, 8), JSTypedArray("Float64Array", buffer, 8, 8)]


def blob(chance: Random) -> bytes:
    """The bytes of some value."""
    return encode(value(chance))


# -- mutations

Mutation = Callable[[Random, bytes], bytes]


def flip_bits(chance: Random, blob: bytes) -> bytes:
    """Some bits are wrong."""
    content = bytearray(blob)
    for _ in range(chance.choice([1, 1, 2, 8])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def truncate(chance: Random, blob: bytes) -> bytes:
    """The end is missing."""
    return blob[: chance.randrange(len(blob))]


def splice(chance: Random, blob: bytes) -> bytes:
    """It goes on as another value, from the middle of that."""
    other = encode(value(chance))
    return blob[: chance.randrange(2, len(blob) + 1)] + other[chance.randrange(2, len(other)) :]


def repeat(chance: Random, blob: bytes) -> bytes:
    """A piece of it is there many times."""
    start = chance.randrange(2, len(blob))
    piece = blob[start : start + chance.randint(1, 8)]
    return blob[:start] + piece * chance.choice([2, 50, 3000]) + blob[start:]


def lengthen(chance: Random, blob: bytes) -> bytes:
    """A length, a count or a number of an object says something else."""
    at = _place(chance, blob, b'Z"cSAa^B~{$@:,V')
    return blob[: at + 1] + chance.choice(LENGTHS) + blob[at + 2 :]


def retag(chance: Random, blob: bytes) -> bytes:
    """A tag is another one."""
    at = _place(chance, blob, TAGS)
    return blob[:at] + bytes([chance.choice(TAGS)]) + blob[at + 1 :]


def insert(chance: Random, blob: bytes) -> bytes:
    """A value, or the beginning of one, stands where none belongs."""
    at = chance.randrange(2, len(blob) + 1)
    return blob[:at] + bytes([chance.choice(TAGS)]) + chance.choice([b"", *LENGTHS]) + blob[at:]


def version(chance: Random, blob: bytes) -> bytes:
    """The format is of another version, or has no header."""
    return chance.choice([b"", b"\xff\x0d", b"\xff\x0e", b"\xff\x10", b"\xff\x11", b"\xff\xff\x01"]) + blob[2:]


def nest(chance: Random, blob: bytes) -> bytes:
    """It is inside of very many others."""
    opening = chance.choice(_OPENINGS)
    return blob[:2] + opening * chance.choice([5, 20, 100, 100, 900, 5000]) + blob[2:]


def _place(chance: Random, blob: bytes, tags: bytes) -> int:
    places = [at for at in range(2, len(blob) - 1) if blob[at] in tags]
    return chance.choice(places or [len(blob) - 1])


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits, truncate, splice, repeat, lengthen, retag, insert, version, nest,
)  # fmt: skip


def mutant(chance: Random, mutation: Mutation) -> bytes:
    """A valid blob after one or several mutations, the last of this kind."""
    content = blob(chance)
    for _ in range(chance.choice([0, 0, 1, 3])):
        content = chance.choice(MUTATIONS[:-1])(chance, content) or b"\xff\x0f_"
        if len(content) < 3:
            content = b"\xff\x0f_"
    return mutation(chance, content)

"""Whatever bytes are stored, decoding them gives a value or says why not: no other error, no hang, no gigabytes.

The mutants are the same in every run; ``DURABLE_MUTANTS=200000`` tries more, the first of them those of the short run.
See docs/how-to/property-tests.md.
"""

import os
import sys
import tracemalloc
from collections import Counter
from random import Random
from types import FrameType

import pytest

from fuzz.blobs import LENGTHS, MUTATIONS, TAGS, Mutation, blob, mutant
from pytest_durable._core.storage.codec import PLAIN, DecodedTypes, UndecodableError, decode, encode
from pytest_durable._core.storage.codec.wire import HOLES_MAX
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.types import JsDict, decoded_types

MUTANTS = int(os.environ.get("DURABLE_MUTANTS", "5400"))
#: Of each kind; the shares of mutants that must be refused, and read, or the mutations have lost their point.
REFUSED_MIN, READ_MIN = 0.3, 0.02
#: What Python code gets; the other table is that of ``stored()``.
PYTHON = decoded_types(JsDict, list)
#: The longest sparse array, and a copy of it.
BYTES_MAX = 2 * 8 * HOLES_MAX


def outcome(content: bytes) -> str:
    """What came of decoding, in both tables of types: they may differ only where Python cannot hold a value."""
    value, refusal = _attempt(content, PLAIN)
    shown, refusal_shown = _attempt(content, PYTHON)
    if refusal is not None:
        # To Python, an element that is missing is like one that is null, so that it may be there twice.
        assert refusal_shown is not None or refusal.reason.endswith("occurs twice"), shown  # type: ignore[attr-defined]
        return "refused"
    if refusal_shown is not None:
        assert isinstance(refusal_shown, JsException)
        assert refusal_shown.message.startswith("Cannot use key of type ")
        return "read, but not by Python"
    written = encode(value)
    assert encode(decode(written)) == written
    return "read"


def _attempt(content: bytes, types: DecodedTypes) -> tuple[object, Exception | None]:
    try:
        return decode(content, types), None
    except (UndecodableError, JsException) as failure:
        return None, failure.with_traceback(None)  # thousands of frames


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_mutated_values_are_read_or_refused(mutation: Mutation) -> None:
    counts: Counter[str] = Counter()
    for seed in range(MUTANTS // len(MUTATIONS)):
        content = mutant(Random(f"{mutation.__name__} {seed}"), mutation)
        try:
            counts[outcome(content)] += 1
        except Exception as failure:
            raise AssertionError(f"{mutation.__name__}, seed {seed}: {failure!r} for {content.hex()}") from failure
    print(f"{mutation.__name__}: {dict(counts)}")
    assert counts["refused"] >= REFUSED_MIN * counts.total()
    assert counts["read"] >= READ_MIN * counts.total()


def test_values_without_mutation_are_all_read() -> None:
    assert {outcome(blob(Random(seed))) for seed in range(200)} <= {"read", "read, but not by Python"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_work_grows_no_faster_than_the_bytes(mutation: Mutation) -> None:
    for seed in range(40):
        content = mutant(Random(f"{mutation.__name__} {seed}"), mutation)
        assert calls_of_decoding(content) <= 60 * len(content) + 1_000, (mutation.__name__, seed, len(content))


def calls_of_decoding(content: bytes) -> int:
    """How many functions are called to decode it."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        decode(content)
    except UndecodableError:
        pass
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("length", LENGTHS, ids=bytes.hex)
def test_what_is_promised_is_not_allocated(length: bytes) -> None:
    # Sparse arrays may be that long, and no longer; everything else is no longer than the blob.
    for tag in TAGS:
        for prefix in (b"\xff\x0f", b"\xff\x0fA\x02", b'\xff\x0fo"\x01a', b"\xff\x0f;"):
            content = prefix + bytes([tag]) + length * 3
            assert bytes_needed(content) < BYTES_MAX, content.hex()


def test_many_sparse_arrays_are_together_no_longer_than_one() -> None:
    content = b"\xff\x0fA\x40" + b"a\x80\x80\x80\x04@\x00\x80\x80\x80\x04" * 64 + b"$\x00\x40"
    assert bytes_needed(content) < BYTES_MAX
    assert outcome(content) == "refused"


def bytes_needed(content: bytes) -> int:
    """The most that decoding has allocated at one moment."""
    tracemalloc.start()
    try:
        decode(content)
    except UndecodableError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("ff0f27410149002400012c01", "Array as a key to a Python set"),
        ("ff0f3b4101490024000149023a02", "Array as a key to a Python dict"),
        ("ff0f272749022c012c01", "Set as a key to a Python set"),
        ("ff0f3b420049023a02", "ArrayBuffer as a key to a Python dict"),
    ],
)
def test_a_key_that_python_cannot_hold_is_named_as_pyodide_does(content: str, kind: str) -> None:
    with pytest.raises(JsException, match=f"^Error: Cannot use key of type {kind}$"):
        decode(bytes.fromhex(content), PYTHON)


@pytest.mark.parametrize("key", ["5a10ffffffffffffffff", "5a0205", "6e0000000000000840", "7a0205", "3f005a0205"])
def test_a_property_key_that_is_a_bigint_or_an_object_is_refused_whatever_it_becomes(key: str) -> None:
    # To Python a BigInt is an int, as other keys are, and a boxed number too. Found by the mutants: the text of a huge
    # one is more than Python makes.
    for content in (f"ff0f6f{key}49007b01", f"ff0f6101{key}4900400101"):
        with pytest.raises(UndecodableError, match="a property key is neither a string nor a number"):
            decode(bytes.fromhex(content), PYTHON)


def test_an_error_whose_properties_are_a_map_has_none() -> None:
    # Found by the mutants: to Python a Map is a dict, whose keys are any values.
    content = bytes.fromhex("ff0f5c0a0122026e6f3b490249043a02")
    assert str(decode(content, PYTHON)) == "Error: no"
    assert decode(content).properties == {}  # type: ignore[attr-defined]

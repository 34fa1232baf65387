"""Hypothesis strategies for values that can be stored, with sharing and cycles."""

from datetime import UTC

from hypothesis import strategies as st

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

SMALL = st.integers(-(2**30), 2**30 - 1)
TEXT = st.text(st.characters(exclude_categories=()), max_size=8) | st.text(alphabet="ab\xe9€😀\ud800\0", max_size=4)
NUMBERS = SMALL | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats()
BIGINTS = st.integers(-(2**140), 2**140).map(JSBigInt)
NOTHING = st.sampled_from([None, UNDEFINED, True, False])
PRIMITIVES = NOTHING | NUMBERS | BIGINTS | TEXT
PRIMITIVES_WITHOUT_DOUBLES = NOTHING | SMALL | BIGINTS | TEXT
# Numbers from 2**30 to 2**31 - 1 are small integers for Node and doubles for the platform, as keys too.
KEYS_ALIKE_IN_NODE = TEXT | (st.integers(0, 2**30 - 1) | st.integers(2**31, 2**33)).map(str)
KEYS = TEXT | st.integers(0, 2**33).map(str) | st.sampled_from(["__proto__", "4294967294", "4294967295", "007", "-1"])


@st.composite
def _views(draw: st.DrawFn) -> JSTypedArray:
    kinds = (
        "Int8Array",
        "Uint8ClampedArray",
        "Uint16Array",
        "Float32Array",
        "Float64Array",
        "BigInt64Array",
        "DataView",
    )
    kind = draw(st.sampled_from(kinds))
    content = draw(st.binary(max_size=5)) * 8
    size = JSTypedArray(kind, b"").element_size
    start = draw(st.integers(0, len(content) // size)) * size
    is_resizable = draw(st.booleans())
    buffer = JSArrayBuffer(content, len(content) + 16 if is_resizable else None)
    if is_resizable and draw(st.booleans()):
        return JSTypedArray(kind, buffer, start, tracks_length=True)
    length = draw(st.integers(0, (len(content) - start) // size)) * size
    return JSTypedArray(kind, buffer, start, length)


def leaves() -> st.SearchStrategy[object]:
    """Objects that have identity but refer to nothing."""
    dates = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
    far = st.sampled_from([8.64e15, -8.64e15, -62167219200001, float("nan")]).map(JSDate)
    flags = st.sets(st.sampled_from("dgimsuy")).map(lambda letters: "".join(sorted(letters)))
    return (
        dates
        | far
        | st.builds(JSRegExp, st.sampled_from(["a+", "", "€|b", "a/[/]", "\n"]), flags)
        | st.builds(JSBoxed, st.booleans() | st.integers(-5, 5) | BIGINTS | TEXT)
        | st.builds(JSArrayBuffer, st.binary(max_size=20))
        | _views()
    )


def errors() -> st.SearchStrategy[JSError]:
    """Errors whose cause is a primitive."""
    names = st.sampled_from(["Error", "TypeError", "RangeError", "AggregateError"]) | TEXT
    own = st.fixed_dictionaries({"stack": TEXT}, optional={"cause": PRIMITIVES, "code": PRIMITIVES})
    return st.builds(JSError, names, TEXT, own)


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    primitives: st.SearchStrategy[object] = PRIMITIVES,
    keys: st.SearchStrategy[str] = KEYS,
    with_errors: bool = True,
) -> object:
    """Draw containers first, then fill each with primitives, leaves and any of the containers, itself included."""
    makers = st.sampled_from([dict, list, JSArray, JSMap, JSSet])
    containers: list[object] = [make() for make in draw(st.lists(makers, max_size=5))]
    others = draw(st.lists(leaves() | errors() if with_errors else leaves(), max_size=4))
    items = primitives
    if containers or others:
        items = primitives | st.sampled_from(containers + others)
    for container in containers:
        _fill(draw, container, keys, items)
    return draw(st.sampled_from(containers)) if containers else draw(items)


def _fill(draw: st.DrawFn, container: object, keys: st.SearchStrategy[str], items: st.SearchStrategy[object]) -> None:
    match container:
        case dict():
            container.update(draw(st.dictionaries(keys, items, max_size=4)))
        case JSArray():
            container.extend(draw(st.lists(items | st.just(HOLE), max_size=4)))
            container.properties.update(
                draw(st.dictionaries(st.sampled_from(["k", "é", "4294967295"]), items, max_size=2))
            )
        case list():
            container.extend(draw(st.lists(items, max_size=4)))
        case JSMap():
            for key, item in draw(st.lists(st.tuples(items, items), max_size=4)):
                container[key] = item
        case JSSet():
            for item in draw(st.lists(items, max_size=4)):
                container.add(item)

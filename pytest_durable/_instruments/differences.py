"""What differs between an expected value and a stored one, down to the smallest part that does. Pure.

Mappings and lists are entered; everything else is compared as a whole with ``==``, the stored value on the left, so
that a matcher on the right has the say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Characters of a value that a message shows.
SHOWN_MAX: Final = 200


class _Absent:
    """Stands for a part that one side does not have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that differs.

    Attributes:
        path: Where it is, as Python would write it: ``kv["profile"]["name"]``.
        expected: The expected value, or ABSENT.
        actual: The stored value, or ABSENT.
    """

    path: str
    expected: object
    actual: object


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], path: str, *, exact: bool
) -> Iterator[Difference]:
    """Compare two mappings part by part, in the order of ``expected``.

    Args:
        expected: Values or matchers.
        actual: Stored values.
        path: What the mappings are called.
        exact: Whether keys that are not expected count as a difference. Deeper down they always do.
    """
    for key, value in expected.items():
        place = f"{path}[{shown(key)}]"
        if key not in actual:
            yield Difference(place, value, ABSENT)
        else:
            yield from _between(value, actual[key], place)
    if exact:
        yield from (Difference(f"{path}[{shown(key)}]", ABSENT, actual[key]) for key in actual if key not in expected)


def _between(expected: Any, actual: Any, path: str) -> Iterator[Difference]:
    if actual == expected:
        return
    parts: list[Difference] = []
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        parts = list(differences(expected, actual, path, exact=True))
    elif isinstance(expected, list) and isinstance(actual, list):
        parts = list(_between_lists(expected, actual, path))
    # Containers can differ in more than their parts, such as the properties of an array.
    yield from parts or [Difference(path, expected, actual)]


def _between_lists(expected: list[Any], actual: list[Any], path: str) -> Iterator[Difference]:
    for index in range(max(len(expected), len(actual))):
        left = expected[index] if index < len(expected) else ABSENT
        right = actual[index] if index < len(actual) else ABSENT
        if left is ABSENT or right is ABSENT:
            yield Difference(f"{path}[{index}]", left, right)
        else:
            yield from _between(left, right, f"{path}[{index}]")


def shown(value: object) -> str:
    """The value in one line, cut in the middle if it is long. Strings are quoted as in the messages of this package."""
    if isinstance(value, str) and value.isprintable() and not {'"', "\\"} & set(value):
        text = f'"{value}"'
    else:
        text = _repr(value)
    if len(text) <= SHOWN_MAX:
        return text
    half = (SHOWN_MAX - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as failure:  # a cycle, or a matcher's own trouble: a message must not fail over it
        return f"<{type(value).__name__} that cannot be shown: {type(failure).__name__}>"

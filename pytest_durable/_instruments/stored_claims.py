"""The claim about what an object has stored: answers with None, or with what is wrong."""

from collections.abc import Mapping
from typing import Any, Final

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._instruments.causes import IN_MEMORY, OPEN_TURN
from pytest_durable._instruments.differences import ABSENT, Difference, differences, shown
from pytest_durable._instruments.report import ASSERTIONS, Advice, Failure, Row
from pytest_durable._instruments.subject import Subject
from pytest_durable._instruments.times import since_start

#: How many differences a message shows.
DIFFERENCES_MAX: Final = 10

_NOTHING_THERE: Final = Advice(
    fact="Nothing was ever stored for it. Call what stores:", command="await stub.method()", page=ASSERTIONS
)
_LOOK: Final = Advice(fact="To see all that is stored:", command="dict(durable.stored(stub).kv)", page=ASSERTIONS)


def holds(subject: Subject, expected: Mapping[str, Any], exact: bool) -> Failure | None:
    """The object has stored these key-value pairs; with ``exact``, no others.

    Raises:
        ConfigurationError: ``expected`` is no mapping.
        UndecodableValueError: A value that is looked at is damaged.
    """
    if not isinstance(expected, Mapping):
        raise ConfigurationError(
            f"assert_stored() takes a mapping of keys to values, not {expected!r}.\n\n"
            'For example:  durable.assert_stored(stub, {"count": 1})'
        )
    actual = subject.host.stored(subject.stub).kv
    found = list(differences(expected, actual, "kv", exact=exact))
    if not found:
        return None
    now_ns, start_ns = subject.now_ns, subject.start_ns
    return Failure(
        claim=f"{subject.label} has stored {_first_line(found)}.",
        rows=[*_rows(found), ("clock", since_start(now_ns - start_ns))],
        advice=_advice(subject, actual, found),
        story=subject.story,
    )


def _first_line(found: list[Difference]) -> str:
    first = found[0]
    more = f"; {len(found) - 1} more {'differs' if len(found) == 2 else 'differ'}" if len(found) > 1 else ""
    if first.actual is ABSENT:
        return f"no {first.path}: expected {shown(first.expected)}{more}"
    return f"{first.path} = {shown(first.actual)}: expected {shown(first.expected)}{more}"


def _rows(found: list[Difference]) -> list[Row]:
    rows = [
        (each.path, f"expected  {shown(each.expected)}\nsaw       {shown(each.actual)}")
        for each in found[:DIFFERENCES_MAX]
    ]
    left = len(found) - DIFFERENCES_MAX
    return [*rows, ("…", f"and {left} more")] if left > 0 else rows


def _advice(subject: Subject, actual: Mapping[str, Any], found: list[Difference]) -> Advice:
    if subject.has_open_turn:
        return OPEN_TURN
    committed = subject.records(events.Committed)
    if not actual and subject.is_wiped_since(committed[-1] if committed else None):
        return IN_MEMORY
    if not actual and not committed:
        return _NOTHING_THERE
    unexpected = all(each.expected is ABSENT for each in found)
    if unexpected:
        return Advice(
            fact="Only keys beyond the expected ones differ. To allow them, leave out:",
            command="exact=True",
            page=ASSERTIONS,
        )
    return _LOOK

"""What the platform tells of each event, as the harness writes it to the output: one line behind a mark.

This is the platform's own tracing ("streaming tail"), so it covers what no request of ours caused: alarms and their
retries. It does not tell the number of a retry: count the failures of one object with one scheduled time that have
``returned``.
"""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

Facts: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRecord:
    """One fact about one event. ``at_ms`` is the platform's wall time, and so the test's."""

    #: The same for all records of one event.
    invocation: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset(PlatformRecord):
    """An event was delivered to an object, or to the worker itself.

    ``kind`` is the platform's word: alarm, jsrpc, fetch, scheduled, hibernatableWebSocket.
    """

    kind: str
    #: Hexadecimal id, or None for the worker itself.
    object_id: str | None
    class_name: str | None
    #: For alarms and cron: the instant it was meant for. A retry keeps that of the first run.
    scheduled_ms: int | None
    cron: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(PlatformRecord):
    """The method of a call, told after its onset."""

    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown(PlatformRecord):
    """An exception left the handler."""

    name: str
    message: str
    stack: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(PlatformRecord):
    """The event is over. ``outcome`` is the platform's word: ok, exception, canceled, exceededCpu, unknown."""

    outcome: str
    #: Whether the handler began and came to an end, by an exception too. If not, the event did not get as far as that.
    returned: bool


def read_record(line: str) -> PlatformRecord:
    """Read one line, without its mark."""
    facts: Facts = json.loads(line)
    common = {"invocation": facts["invocation"], "at_ms": facts["at"]}
    match facts["type"]:
        case "onset":
            return Onset(
                **common,
                kind=facts["kind"],
                object_id=facts["object"],
                class_name=facts["class"],
                scheduled_ms=facts["scheduled"],
                cron=facts["cron"],
            )
        case "attributes":
            return Named(**common, method=facts["method"])
        case "exception":
            return Thrown(**common, name=facts["name"], message=facts["message"], stack=facts["stack"])
        case "outcome":
            return Outcome(**common, outcome=facts["outcome"], returned=facts["returned"])
    raise ValueError(f"{facts['type']!r} is not a kind of record.")

"""The claim that an alarm outlives the end of what set it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._hosts.durations import instant_ns
from pytest_durable._hosts.face import HostFace
from pytest_durable._instruments.alarm_claims import evidence
from pytest_durable._instruments.causes import why_no_alarm
from pytest_durable._instruments.report import RESTARTS, Advice, Failure
from pytest_durable._instruments.subject import Subject
from pytest_durable._instruments.times import since_start

#: What an alarm can be expected to survive.
Through = Literal["restart", "crash", "evict", "abort_isolate"]

_CALLED: Final = {
    "restart": "a restart",
    "crash": "a crash",
    "evict": "an eviction",
    "abort_isolate": "an abort of its isolate",
}


async def survives(subject: Subject, through: Through) -> Failure | datetime:
    """Do it, and compare the alarm before with the alarm after.

    Returns:
        The due time, or what is wrong.

    Raises:
        ConfigurationError: ``through`` is nothing that exists.
        UnsupportedOnHostError: The host cannot do it.
    """
    go_through = _way(subject, through)
    before = subject.alarm
    if before is None:
        return Failure(
            claim=f"{subject.label} has no alarm that could survive {_CALLED[through]}: expected one, saw none.",
            rows=evidence(subject, None),
            advice=why_no_alarm(subject),
            story=subject.story,
        )
    records_before = len(subject.host.journal)
    await go_through()
    after = subject.alarm
    if after is not None and after.due == before.due:
        return before.due
    if _ran_after_the_start(subject, records_before, instant_ns(before.due)):
        return before.due
    due = since_start(instant_ns(before.due) - subject.start_ns)
    if after is None:
        return Failure(
            claim=f"The alarm of {subject.label} did not survive {_CALLED[through]}: expected due {due}, saw none.",
            rows=evidence(subject, None),
            advice=why_no_alarm(subject),
            story=subject.story,
        )
    saw = since_start(instant_ns(after.due) - subject.start_ns)
    return Failure(
        claim=f"The alarm of {subject.label} changed in {_CALLED[through]}: expected due {due}, saw {saw}.",
        rows=evidence(subject, after),
        advice=Advice(
            fact="It was set anew on the way: look for setAlarm() in the constructor and in calls that were waiting.",
            page=RESTARTS,
        ),
        story=subject.story,
    )


def _way(subject: Subject, through: Through) -> Callable[[], Awaitable[object]]:
    host = subject.host
    match through:
        case "restart":
            return host.restart
        case "crash":
            return lambda: _crash_and_start(host)
        case "evict":
            return lambda: _evict(subject)
        case "abort_isolate":
            return host.abort_isolate
    raise ConfigurationError(
        f"An alarm cannot go through {through!r}.\n\n"
        f"  known  {', '.join(map(repr, _CALLED))}\n\n"
        'For example:  await durable.assert_alarm_survives(stub, through="restart")'
    )


async def _evict(subject: Subject) -> None:
    try:
        await subject.host.evict(subject.stub)
    except PlatformError as failure:
        if "not currently running" not in failure.message:
            raise
        # It is out of memory already, which is all that an eviction does.


async def _crash_and_start(host: HostFace) -> None:
    await host.crash()
    await host.start()


def _ran_after_the_start(subject: Subject, sequence: int, due_ns: int) -> bool:
    """Whether the alarm was overdue, so that the new life delivered it at once: then it has survived too."""
    starts = [s.sequence for s in subject.host.journal.of(events.RuntimeStarted) if s.sequence >= sequence]
    return any(
        run.due_ns == due_ns and run.sequence > starts[0] for run in subject.records(events.AlarmStarted) if starts
    )

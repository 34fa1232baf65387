"""Claims about the alarm of one object: each answers with None, or with what is wrong."""

from typing import Literal

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._hosts.durations import instant_ns
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._instruments.causes import next_try_ns, why_due_then, why_no_alarm, why_pending
from pytest_durable._instruments.due import ExpectedDue
from pytest_durable._instruments.report import Advice, Failure, Row
from pytest_durable._instruments.story import failures
from pytest_durable._instruments.subject import Subject, is_count
from pytest_durable._instruments.times import advance_call, as_length, as_utc, from_now, since_start

#: How a run of the handler ended.
Outcome = Literal["ok", "failed"]


def due_is(subject: Subject, expected: ExpectedDue) -> Failure | None:
    """An alarm is pending, and due as expected."""
    alarm = subject.alarm
    if alarm is None:
        return Failure(
            claim=f"{subject.label} has no alarm: expected one due {expected}, saw none.",
            rows=evidence(subject, None),
            advice=why_no_alarm(subject),
            story=subject.story,
        )
    due_ns = instant_ns(alarm.due)
    if expected.accepts(due_ns):
        return None
    left_ns = due_ns - subject.now_ns
    saw = f"at {as_utc(due_ns)}" if expected.kind == "at" else from_now(left_ns)
    bound = "no later than " if expected.kind == "within" else ""
    wanted = f"{bound}{since_start(expected.due_ns - subject.start_ns)}"
    that_it_is = Advice(fact="If that time is right, claim it:", command=_claim_of(expected, due_ns, left_ns))
    return Failure(
        claim=f"The alarm of {subject.label} is due at another time: expected {expected}, saw {saw}.",
        rows=[("expected", wanted), *evidence(subject, alarm)],
        advice=why_due_then(subject, alarm) or that_it_is,
        story=subject.story,
    )


def _claim_of(expected: ExpectedDue, due_ns: int, left_ns: int) -> str:
    if expected.kind == "at":
        return f'durable.assert_alarm(stub, at=datetime.fromisoformat("{as_utc(due_ns)}"))'
    return f"durable.assert_alarm(stub, {expected.kind}={left_ns / 1_000_000_000:.12g})"


def none_pending(subject: Subject) -> Failure | None:
    """No alarm is pending."""
    alarm = subject.alarm
    if alarm is None:
        return None
    left_ns = instant_ns(alarm.due) - subject.now_ns
    return Failure(
        claim=f"{subject.label} has an alarm: expected none, saw one due {from_now(left_ns)}.",
        rows=evidence(subject, alarm),
        advice=_how_to_be_rid_of(subject, alarm, left_ns),
        story=subject.story,
    )


def _how_to_be_rid_of(subject: Subject, alarm: PendingAlarm, left_ns: int) -> Advice:
    if alarm.state == "waiting" and left_ns > 0 and subject.host.is_running:
        return Advice(
            fact="Let it run first, or delete it in the object with deleteAlarm():", command=advance_call(left_ns)
        )
    return why_pending(subject, alarm)


def has_run(subject: Subject, times: int | None, outcome: Outcome | None) -> Failure | None:
    """The handler has run so many times, in all lives together.

    Raises:
        ConfigurationError: ``times`` is no count or ``outcome`` is none that exists.
    """
    _check_run_arguments(times, outcome)
    runs = [record for record in subject.records(events.AlarmFinished) if record.ran]
    count = sum(_matches(run, outcome) for run in runs)
    if count == times or (times is None and count):
        return None
    alarm = subject.alarm
    is_short = count < (1 if times is None else times)
    return Failure(
        claim=f"{_saw(subject, count, outcome)}: {_counts(times, count, outcome, len(runs) - count)}.",
        rows=evidence(subject, alarm),
        advice=_why_short(subject, alarm, runs, count, outcome) if is_short else _why_over(runs, count, times, outcome),
        story=subject.story,
    )


def _check_run_arguments(times: int | None, outcome: Outcome | None) -> None:
    if times is not None and not is_count(times):
        raise ConfigurationError(f"times is a number of runs from 0 on, not {times!r}.\n\nLeave it out for any number.")
    if outcome not in (None, "ok", "failed"):
        raise ConfigurationError(
            f"There is no outcome {outcome!r}.\n\n  known  'ok', 'failed'\n\nLeave it out to count all runs."
        )


def _matches(run: events.AlarmFinished, outcome: Outcome | None) -> bool:
    return outcome is None or run.ok == (outcome == "ok")


def _saw(subject: Subject, count: int, outcome: Outcome | None) -> str:
    done, past = {None: ("ran", "run"), "ok": ("succeeded", "succeeded"), "failed": ("failed", "failed")}[outcome]
    if count == 0:
        return f"The alarm of {subject.label} has not {past}"
    return f"The alarm of {subject.label} {done} {'once' if count == 1 else f'{count} times'}"


def _counts(times: int | None, count: int, outcome: Outcome | None, others: int) -> str:
    """``expected 1 run, saw 0``; with an outcome ``expected 1 good run, saw 0 and 2 failed``."""
    kind = {None: "", "ok": "good ", "failed": "failed "}[outcome]
    expected = f"at least 1 {kind}run" if times is None else f"{times} {kind}{'run' if times == 1 else 'runs'}"
    besides = f" and {others} {'failed' if outcome == 'ok' else 'good'}" if others else ""
    return f"expected {expected}, saw {count}{besides}"


def _why_short(
    subject: Subject,
    alarm: PendingAlarm | None,
    runs: list[events.AlarmFinished],
    count: int,
    outcome: Outcome | None,
) -> Advice:
    if alarm is not None:
        return why_pending(subject, alarm)
    if len(runs) > count:
        other: Outcome = "failed" if outcome == "ok" else "ok"
        return Advice(
            fact="It has run, but ended the other way. To claim that:",
            command=f'durable.assert_alarm_ran(stub, times={len(runs) - count}, outcome="{other}")',
        )
    return why_no_alarm(subject, if_it_ran=_claim_of_count("No further run is due. If that is right:", count, outcome))


def _claim_of_count(fact: str, count: int, outcome: Outcome | None) -> Advice:
    which = "" if outcome is None else f', outcome="{outcome}"'
    return Advice(fact=fact, command=f"durable.assert_alarm_ran(stub, times={count}{which})")


def _why_over(runs: list[events.AlarmFinished], count: int, times: int | None, outcome: Outcome | None) -> Advice:
    good = sum(run.ok for run in runs)
    if outcome is None and good == times:
        return Advice(
            fact="Failed runs count too. To count the good ones alone:",
            command=f'durable.assert_alarm_ran(stub, times={times}, outcome="ok")',
        )
    return _claim_of_count("Each run has its line above. If all of them are wanted:", count, outcome)


def evidence(subject: Subject, alarm: PendingAlarm | None) -> list[Row]:
    """What stands beside each claim about an alarm: its due time, its state, the clock."""
    start_ns, now_ns = subject.start_ns, subject.now_ns
    rows: list[Row] = []
    if alarm is not None:
        due_ns = instant_ns(alarm.due)
        rows.append(("due", f"{since_start(due_ns - start_ns)}, {from_now(due_ns - now_ns)}"))
    if alarm is not None and alarm.state != "waiting":
        rows.append(("state", _state(subject, alarm, now_ns)))
    rows += _disagreement(subject, alarm)
    rows.append(("clock", since_start(now_ns - start_ns)))
    if not subject.host.is_running:
        rows.append(("host", "down"))
    return rows


def _state(subject: Subject, alarm: PendingAlarm, now_ns: int) -> str:
    if alarm.state == "running":
        return "its handler runs"
    left_ns = next_try_ns(subject) - now_ns
    return f"retrying after {failures(alarm.retry_count)}, next try in {as_length(left_ns)}"


def _disagreement(subject: Subject, alarm: PendingAlarm | None) -> list[Row]:
    """The object's own record of its alarm, where it differs from the scheduler's."""
    stored_ns = subject.stored_due_ns
    if stored_ns == (None if alarm is None else instant_ns(alarm.due)):
        return []
    stored = "none" if stored_ns is None else since_start(stored_ns - subject.start_ns)
    return [("stored", f"{stored}: the object's own record differs from the scheduler's")]

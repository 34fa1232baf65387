"""Why an alarm is not there, or has not run: read from the journal, nearest cause first.

Each answer names one cause and one next step. Guesses are made only where one mistake is by far the most common.
"""

from typing import Final

from pytest_durable._core import events
from pytest_durable._hosts.durations import instant_ns
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._instruments.report import RESTARTS, Advice
from pytest_durable._instruments.subject import Subject
from pytest_durable._instruments.times import advance_call, since_start

_SET_ALARM: Final = "await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)"

IN_MEMORY: Final = Advice(
    fact="Namespaces in memory are empty after a restart or crash. Keep the data on disk:",
    command='@pytest.mark.durable(storage="disk")',
    page=RESTARTS,
)
OPEN_TURN: Final = Advice(
    fact="It has written something that is not committed yet. Let its turn end:", command="await durable.settle()"
)
HOST_IS_DOWN: Final = Advice(
    fact="The host is down, and alarms run only while it is up. Start it:",
    command="await durable.start()",
    page=RESTARTS,
)
_NEVER_CALLED: Final = Advice(
    fact="The object has not been called, so nothing can have set an alarm. Call it:", command="await stub.method()"
)
_NEVER_SET: Final = Advice(fact="The object has set no alarm. One minute from now is:", command=_SET_ALARM)
_SET_TOO_EARLY: Final = Advice(
    fact="The time that setAlarm was given was not in the future, so the alarm was set to now. "
    "setAlarm takes milliseconds since 1970, not seconds and not a distance:",
    command=_SET_ALARM,
)
_DELETED: Final = Advice(
    fact="It was deleted after it had been set: look for deleteAlarm(), deleteAll(), and delete_all… in the test."
)
_NOT_DELIVERED: Final = Advice(fact="It came due, but its handler was not called: its line above says why.")
_UNKNOWN_TO_SCHEDULER: Final = Advice(
    fact="The object has recorded an alarm that the scheduler has lost, so it never runs. Set it to another time:",
    command=_SET_ALARM,
    page=RESTARTS,
)
_UNTOLD: Final = Advice(
    fact="No line above says what became of it: its files were changed while no life had them.", page=RESTARTS
)


def why_no_alarm(subject: Subject, if_it_ran: Advice | None = None) -> Advice:
    """Why an object has no pending alarm.

    Args:
        subject: The object.
        if_it_ran: What to say when the cause is that it has run; by default, how to claim that it has.
    """
    scheduled = subject.records(events.AlarmScheduled)
    last = scheduled[-1] if scheduled else None
    if subject.is_wiped_since(last):
        return IN_MEMORY
    if subject.has_open_turn:
        return OPEN_TURN
    if subject.stored_due_ns is not None:
        return _UNKNOWN_TO_SCHEDULER
    if last is None:
        return _NEVER_SET if subject.all_records else _NEVER_CALLED
    return _what_became_of(subject, last, if_it_ran)


def _what_became_of(subject: Subject, scheduled: events.AlarmScheduled, if_it_ran: Advice | None) -> Advice:
    after = [record for record in subject.all_records if record.sequence > scheduled.sequence]
    ends = [record for record in after if isinstance(record, events.AlarmFinished)]
    if any(isinstance(record, events.AlarmAbandoned) for record in after):
        return if_it_ran or Advice(
            fact="It failed too often and was given up; the errors are above. To claim that it failed:",
            command='durable.assert_alarm_ran(stub, outcome="failed")',
        )
    if ends and not ends[-1].ran:
        return _NOT_DELIVERED
    if ends:
        return if_it_ran or _it_ran(subject, scheduled, ends[-1])
    if any(isinstance(record, events.AlarmRowDeleted) for record in after):
        return _DELETED
    return _UNTOLD


def _it_ran(subject: Subject, scheduled: events.AlarmScheduled, end: events.AlarmFinished) -> Advice:
    if _was_set_to_now(scheduled):
        return _SET_TOO_EARLY
    at = since_start(end.time_ns - subject.start_ns)
    return Advice(fact=f"It has run already, at {at}. To claim that:", command="durable.assert_alarm_ran(stub)")


def why_due_then(subject: Subject, alarm: PendingAlarm) -> Advice | None:
    """Why a pending alarm is due when it is, where that is most often a mistake."""
    scheduled = [each for each in subject.records(events.AlarmScheduled) if each.due_ns == instant_ns(alarm.due)]
    return _SET_TOO_EARLY if scheduled and _was_set_to_now(scheduled[-1]) else None


def _was_set_to_now(scheduled: events.AlarmScheduled) -> bool:
    """Whether the object asked for a time that was over, which the platform takes for now.

    Most often it gave seconds, or a distance, where an instant in milliseconds is due.
    """
    return scheduled.due_ns <= scheduled.time_ns


def why_pending(subject: Subject, alarm: PendingAlarm) -> Advice:
    """Why a pending alarm has not run, or not again."""
    if not subject.host.is_running:
        return HOST_IS_DOWN
    left_ns = instant_ns(alarm.due) - subject.now_ns
    match alarm.state:
        case "running":
            return Advice(
                fact="Its handler has not ended. Let what it waits for happen:",
                command="await durable.clock.run_until_idle()",
            )
        case "retrying":
            command = advance_call(next_try_ns(subject) - subject.now_ns)
            return Advice(fact="It failed and waits for its next try. Let it come:", command=command)
        case "waiting" if left_ns > 0:
            # Due time and clock stand right above, and nothing in the past explains more.
            return Advice(
                fact="The clock has not reached it. Move it:", command=advance_call(left_ns), needs_story=False
            )
        case "waiting":
            return Advice(
                fact="It is due, but nothing has run since it was set. Let it run:", command="await durable.settle()"
            )


def next_try_ns(subject: Subject) -> int:
    """When an alarm that is being retried is tried again."""
    retried = subject.records(events.AlarmRetried)[-1]
    return retried.time_ns + retried.delay_ns

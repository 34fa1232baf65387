"""Faults in alarms: the two records, the delivery, the handler's deferred deletion, retries, the start of a life."""

from typing import Final

from tools.plant_faults.fault import Fault

_COMMIT: Final = "_core/actor/commit.py"
_CONTAINER: Final = "_core/actor/container.py"
_TURN: Final = "_core/actor/alarm_turn.py"
_RETRY: Final = "_core/alarms/retry.py"
_SCHEDULER: Final = "_core/alarms/scheduler.py"
_RECORD_TESTS: Final = ("tests/core/alarms/test_alarm_records.py",)
_HANDLER_TESTS: Final = ("tests/core/alarms/test_alarm_handler.py",)
_RETRY_TESTS: Final = ("tests/core/alarms/test_alarm_retry.py",)
_START_TESTS: Final = ("tests/core/alarms/test_alarm_start.py",)

FAULTS: Final = (
    Fault(
        name="earlier-row-after-the-commit",
        breaks="The row of an earlier alarm is written after the commit; a crash between the two loses the alarm.",
        file=_COMMIT,
        before=(
            "            new_ns = self._schedule_before_commit() if self._alarm_touched else None\n"
            "            keys = commit()\n"
        ),
        after=(
            "            keys = commit()\n"
            "            new_ns = self._schedule_before_commit() if self._alarm_touched else None\n"
        ),
        tests=_RECORD_TESTS,
    ),
    Fault(
        name="later-row-before-the-commit",
        breaks="The row of a later alarm is written before the commit; a crash between the two delays the old one.",
        file=_TURN,
        before="    return new_ns is not None and (scheduled_ns is None or new_ns < scheduled_ns)",
        after="    return new_ns is not None",
        tests=_RECORD_TESTS,
    ),
    Fault(
        name="row-not-moved-later",
        breaks="The row stays at the old time when an alarm moves later or goes.",
        file=_COMMIT,
        before="        if new_ns != self._scheduled_ns:\n            self._schedule_or_note(new_ns)",
        after="        del new_ns",
        tests=_RECORD_TESTS,
    ),
    Fault(
        name="rolled-back-alarm-remembered",
        breaks="An alarm set in a transaction that is rolled back is still seen.",
        file="_core/storage/store_alarm.py",
        before="    def _alarm_rolled_back(self) -> None:\n        self._alarm_ns = _UNREAD\n",
        after="    def _alarm_rolled_back(self) -> None:\n        pass\n",
        tests=("tests/core/storage/test_transactions.py",),
    ),
    Fault(
        name="delete-all-keeps-the-row",
        breaks="deleteAll removes the object's alarm and leaves the scheduler's row.",
        file=_COMMIT,
        before="        self._schedule_after_commit(store.committed_alarm_ns)\n",
        after="",
        tests=_RECORD_TESTS,
    ),
    Fault(
        name="past-alarm-not-clamped",
        breaks="An alarm set in the past is stored with the past time instead of now.",
        file=_COMMIT,
        before="        due_ns = max(due_ns, self._services.wall_ns()) // MS * MS",
        after="        due_ns = due_ns // MS * MS",
        tests=("tests/core/alarms/test_alarm_api.py",),
    ),
    Fault(
        name="deferred-delete-skipped",
        breaks="The alarm is still there after its handler has succeeded.",
        file=_COMMIT,
        before="        if succeeded:\n            self.delete_alarm()\n            self.end_turn()\n        else:\n",
        after="        if True:\n",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="deferred-delete-done-early",
        breaks="The alarm is deleted when its handler begins, so that a crash in the handler loses it.",
        file=_COMMIT,
        before="        self._delete_deferred = defer_delete\n",
        after="        if defer_delete:\n            self.delete_alarm()\n            self.end_turn()\n",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="failed-handler-counts-as-done",
        breaks="The object forgets its alarm although the handler has failed.",
        file=_CONTAINER,
        before="        incarnation.storage.finish_alarm(succeeded=failure is None)",
        after="        incarnation.storage.finish_alarm(succeeded=True)",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="running-alarm-shown",
        breaks="getAlarm shows the alarm that is being run.",
        file=_COMMIT,
        before="        return None if self._delete_deferred else self.store.get_alarm_ns()",
        after="        return self.store.get_alarm_ns()",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="same-time-not-run-again",
        breaks="A handler that sets its own time again is not run again.",
        file=_COMMIT,
        before="            self._must_reschedule = True",
        after="            self._must_reschedule = False",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="cancelled-delivery-runs-the-handler",
        breaks="A row that is earlier than the object's own alarm runs the handler too early.",
        file=_TURN,
        before="    return Cancel(local_ns)",
        after="    return RunHandler(defer_delete=False)",
        tests=("tests/core/alarms/test_alarm_delivery.py",),
    ),
    Fault(
        name="handler-without-a-limit",
        breaks="An alarm handler may run for ever.",
        file=_CONTAINER,
        before="self._alarm_timed_out, key=self.key.hex)\n",
        after="self._alarm_timed_out, key=self.key.hex)\n        run.timer.cancel()\n",
        tests=("tests/core/alarms/test_alarm_delivery.py",),
    ),
    Fault(
        name="assertion-retried",
        breaks="An assertion that fails in an alarm handler is retried like any error.",
        file=_CONTAINER,
        before="retry=not claim, counts=run.handler_called",
        after="retry=True, counts=run.handler_called",
        tests=_RETRY_TESTS,
    ),
    Fault(
        name="retry-counter-reset",
        breaks="Each retry is the first one, so that a failing alarm is never given up.",
        file=_RETRY,
        before="    return RunAgain(delay_ns, RetryState(counted, backoff + 1, counts))",
        after="    return RunAgain(delay_ns, RetryState(0, backoff + 1, counts))",
        tests=("tests/core/alarms/test_retry.py",),
    ),
    Fault(
        name="one-retry-too-few",
        breaks="An alarm is given up after its fifth retry.",
        file=_RETRY,
        before="    if state.counted >= RETRIES_COUNTED_MAX:",
        after="    if state.counted + 1 >= RETRIES_COUNTED_MAX:",
        tests=_RETRY_TESTS,
    ),
    Fault(
        name="backoff-does-not-grow",
        breaks="All retries come two seconds after the failure.",
        file=_RETRY,
        before="    delay_ns = RETRY_DELAY_NS << backoff\n",
        after="    delay_ns = RETRY_DELAY_NS\n",
        tests=_RETRY_TESTS,
    ),
    Fault(
        name="jitter-left-out",
        breaks="Retries come at exact powers of two.",
        file=_SCHEDULER,
        before="jitter=lambda ms: self._random.randint(0, ms)",
        after="jitter=lambda ms: 0",
        tests=_RETRY_TESTS,
    ),
    Fault(
        name="platform-failure-counts",
        breaks="A failure that is not the handler's uses up one of its tries.",
        file=_RETRY,
        before="    if counts:\n        counted += 1\n",
        after="    counted += 1\n    if counts:\n",
        tests=("tests/core/alarms/test_alarm_failures.py",),
    ),
    Fault(
        name="queued-alarm-lost",
        breaks="A time set while the handler runs is forgotten when it ends.",
        file=_SCHEDULER,
        before="            entry.queued_ns = due_ns",
        after="            entry.queued_ns = None",
        tests=_HANDLER_TESTS,
    ),
    Fault(
        name="deleted-alarm-stays-queued",
        breaks="An alarm set and deleted again while the handler runs still fires.",
        file=_SCHEDULER,
        before="        entry.queued_ns = None\n        if entry.state is not AlarmState.RUNNING:",
        after="        if entry.state is not AlarmState.RUNNING:",
        tests=("tests/core/alarms/test_scheduler.py",),
    ),
    Fault(
        name="abandoned-alarm-kept-by-its-object",
        breaks="An alarm that was given up stays in the object's own record.",
        file=_SCHEDULER,
        before="        if self._abandon(due):\n",
        after="        if True:\n",
        tests=_RETRY_TESTS,
    ),
    Fault(
        name="overdue-alarms-not-fired",
        breaks="Alarms that came due while the process was down never fire.",
        file=_SCHEDULER,
        before="        for actor_hex, due_ns, name in self._table.load():\n",
        after=(
            "        for actor_hex, due_ns, name in self._table.load():\n"
            "            if due_ns < self._now_ns():\n"
            "                continue\n"
        ),
        tests=_START_TESTS,
    ),
    Fault(
        name="name-dropped-from-the-row",
        breaks="The row does not tell the object's name, so that an object woken by its alarm has none.",
        file=_SCHEDULER,
        before="        self._table.set(actor_hex, due_ns, name)",
        after="        self._table.set(actor_hex, due_ns, None)",
        tests=_START_TESTS,
    ),
    Fault(
        name="name-erased-by-a-later-set",
        breaks="An alarm set through an id without a name erases the name in the row.",
        file="_core/storage/statements.py",
        before="actor_name = coalesce(excluded.actor_name, actor_name)",
        after="actor_name = excluded.actor_name",
        tests=_START_TESTS,
    ),
    Fault(
        name="endless-alarm-noticed-late",
        breaks="An alarm may run once more than the limit of a wait.",
        file="_core/alarms/run_limit.py",
        before="        if runs > runs_max:",
        after="        if runs > runs_max + 1:",
        tests=("tests/core/alarms/test_alarm_loop.py",),
    ),
)

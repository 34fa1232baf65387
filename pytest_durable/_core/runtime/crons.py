"""The schedule of a Worker during one life: a timer for the next time of each expression.

Times that pass while no life runs are missed: the platform has no memory of them. So are those that a foreign clock
jumps over, but for the one that comes late. Either is recorded.

Source: ours for what is missed (the platform's documentation promises no catching up); decisions 4.4.
"""

from collections.abc import Callable

from pytest_durable._core import events
from pytest_durable._core.clock import Clock
from pytest_durable._core.cron import Cron
from pytest_durable._core.journal import Journal
from pytest_durable._core.life import Life, Timer
from pytest_durable._core.messages import EntrypointKey

#: How many missed times of an expression are counted at most: a life may be down for years.
_COUNTED_MAX = 100_000


class Schedule:
    """The timers of one Worker.

    Args:
        crons: Its expressions.
        key: Its default entrypoint, in records.
        life: Owner of the timers.
        clock: The test's clock.
        journal: Is told what happens.
        fire: Calls the handler, given the expression and the instant.
    """

    def __init__(
        self,
        crons: tuple[Cron, ...],
        key: EntrypointKey,
        *,
        life: Life,
        clock: Clock,
        journal: Journal,
        fire: Callable[[Cron, int], None],
    ) -> None:
        self._crons = crons
        self._key = key
        self._life = life
        self._clock = clock
        self._journal = journal
        self._fire = fire
        self._timers: dict[str, Timer] = {}

    def __repr__(self) -> str:
        return f"<Schedule of {self._key}: {', '.join(cron.text for cron in self._crons) or 'nothing'}>"

    def begin(self, down_since_ns: int | None) -> None:
        """Arm the timers.

        Args:
            down_since_ns: When the life before ended; None: there was none.

        Records: CronMissed.
        """
        now_ns = self._clock.wall_ns
        for cron in self._crons:
            if down_since_ns is not None:
                self._note_missed(cron, down_since_ns, now_ns)
            self._arm(cron, now_ns)

    def stop(self) -> None:
        """Take the timers back: another schedule takes the place of this one."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _arm(self, cron: Cron, after_ns: int) -> None:
        due_ns = cron.next_after(after_ns)
        if due_ns is not None:
            self._timers[cron.text] = self._life.at(
                due_ns, lambda: self._due(cron, due_ns), key=f"cron {cron.text}", housekeeping=True
            )

    def _due(self, cron: Cron, due_ns: int) -> None:
        now_ns = self._clock.wall_ns
        self._note_missed(cron, due_ns, now_ns)
        self._arm(cron, max(due_ns, now_ns))
        self._journal.record(events.CronFired, self._key, cron.text, due_ns)
        self._fire(cron, due_ns)

    def _note_missed(self, cron: Cron, after_ns: int, until_ns: int) -> None:
        missed = 0
        first_ns = last_ns = after_ns
        while (due_ns := cron.next_after(last_ns)) is not None and due_ns <= until_ns and missed < _COUNTED_MAX:
            first_ns = due_ns if missed == 0 else first_ns
            last_ns = due_ns
            missed += 1
        if missed:
            self._journal.record(events.CronMissed, self._key, cron.text, missed, first_ns, last_ns)

"""What the scheduler and those who deliver its alarms tell each other."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AlarmDue:
    """One delivery.

    Attributes:
        actor_hex: To whom.
        name: The object's name, where it is known.
        due_ns: For which time.
        retry_count: After how many counted failures.
        is_loaded: The alarm comes from the table as an earlier life left it, so that the id may be anything.
    """

    actor_hex: str
    name: str | None
    due_ns: int
    retry_count: int
    is_loaded: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmOutcome:
    """How a delivery ended.

    Attributes:
        ran: The handler was called.
        error: What it failed with, or None.
        retry: A failure is to be retried; otherwise the alarm is abandoned.
        counts: The failure counts against the limit of retries.
    """

    ran: bool
    error: str | None = None
    retry: bool = True
    counts: bool = True

    @property
    def is_ok(self) -> bool:
        """Nothing failed (a cancelled delivery is fine too)."""
        return self.error is None


#: Brings an alarm to its object and calls back with the outcome.
Deliver = Callable[[AlarmDue, Callable[[AlarmOutcome], None]], None]
#: Makes the object forget an abandoned alarm without running user code; False: it could not.
Abandon = Callable[[AlarmDue], bool]

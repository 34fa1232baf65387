"""The journal: numbered records of everything that happens, and the point where a life can be cut off.

``record()`` may not return. When a crash point is reached it ends the life *before* control goes back to the room that
called it, because a cut "soon after" the record would let later steps happen (architecture 9.1).
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.events import Record
from pytest_durable._core.messages import ObjectKey

R = TypeVar("R", bound=Record)

#: A crash point: is told the class and the object of each record and answers whether the life ends here.
CrashPoint = Callable[[type[Record], ObjectKey | None], bool]


class Journal:
    """What happened on one host, in order.

    Records are kept as their parts and built when somebody looks: most tests never look at most records, and writing
    one is on the path of every call.

    Args:
        wall_ns: Reads the clock.
    """

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        # The parts in lists of their own: a tuple per record would be one more thing for the garbage collector to look
        # at, for as long as the host lives.
        self._kinds: list[type[Record]] = []
        self._times_ns: list[int] = []
        self._actors: list[ObjectKey | None] = []
        self._values: list[tuple[object, ...]] = []
        self._built: dict[int, Record] = {}
        self._crash_point: CrashPoint | None = None
        self._cut: Callable[[], None] | None = None
        self._listener: Callable[[Record], None] | None = None

    def record(self, kind: type[Record], actor: ObjectKey | None, *values: object) -> None:
        """Append a record of ``kind``; ``values`` are its own fields in order.

        Raises:
            LifeEnded: This record is a crash point.
        """
        self.record_at(self._wall_ns(), kind, actor, *values)

    def record_at(self, time_ns: int, kind: type[Record], actor: ObjectKey | None, *values: object) -> None:
        """Append a record of what happened at ``time_ns``, which the clock may not show yet; see ``record``."""
        self._kinds.append(kind)
        self._times_ns.append(time_ns)
        self._actors.append(actor)
        self._values.append(values)
        if self._listener is not None:
            self._listener(self[-1])
        if self._crash_point is not None and self._crash_point(kind, actor):
            self._crash_point = None
            if self._cut is not None:
                self._cut()

    def arm(self, crash_point: CrashPoint, cut: Callable[[], None]) -> None:
        """End the life at the first record for which ``crash_point`` answers true. ``cut`` raises LifeEnded."""
        self._crash_point = crash_point
        self._cut = cut

    def disarm(self) -> None:
        """Forget the crash point."""
        self._crash_point = None
        self._cut = None

    def listen(self, listener: Callable[[Record], None] | None) -> None:
        """Tell ``listener`` each record as it is written; None ends that."""
        self._listener = listener

    def of(self, *kinds: type[R], object: object = None) -> tuple[R, ...]:
        """The records of the given kinds, oldest first.

        Args:
            kinds: Record classes; none means every kind.
            object: A stub or an ``ObjectKey``: only the records of that object.

        Raises:
            ConfigurationError: They are something else.
        """
        given: tuple[Any, ...] = kinds
        for kind in given:
            if not (isinstance(kind, type) and issubclass(kind, Record)):
                raise ConfigurationError(
                    f"of() takes classes of records, not {kind!r}.\n\n"
                    "Import one:  from pytest_durable.events import Committed"
                )
        key = getattr(object, "_durable_key", object)
        if not (key is None or isinstance(key, ObjectKey)):
            raise ConfigurationError(
                f"of(object=…) takes a stub, not {object!r}.\n\n"
                "Take one from a namespace:  journal.of(object=namespace.get_by_name(…))"
            )
        return tuple(
            self._record(i)  # type: ignore[misc]  # the filter makes it an R
            for i, (kind, actor) in enumerate(zip(self._kinds, self._actors, strict=True))
            if (not kinds or issubclass(kind, kinds)) and (key is None or actor == key)
        )

    def count(self, kind: type[Record], actor: ObjectKey | None) -> int:
        """How many records of one kind an object has; builds none of them."""
        return sum(1 for k, a in zip(self._kinds, self._actors, strict=True) if k is kind and a == actor)

    def last(self, count: int) -> tuple[Record, ...]:
        """The newest ``count`` records, oldest first."""
        first = max(0, len(self._kinds) - count)
        return tuple(self._record(i) for i in range(first, len(self._kinds)))

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Record]:
        return (self._record(i) for i in range(len(self._kinds)))

    def __getitem__(self, index: int) -> Record:
        return self._record(range(len(self._kinds))[index])

    def __repr__(self) -> str:
        return f"<Journal of {len(self._kinds)} records>"

    def _record(self, index: int) -> Record:
        built = self._built.get(index)
        if built is None:
            kind = self._kinds[index]
            own = dict(zip(_own_fields(kind), self._values[index], strict=True))
            built = self._built[index] = kind(
                sequence=index, time_ns=self._times_ns[index], actor=self._actors[index], **own
            )
        return built


def _own_fields(kind: type[Record]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)[3:]

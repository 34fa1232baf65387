"""What ``time.time()`` and ``datetime.now()`` show to user code, and how the clock of the core moves it.

There is always one master of wall time, looked up at each read because a test may start or stop one at any moment:

1. the innermost freezegun freeze, if one is active;
2. else the innermost time-machine travel, the user's or our own;
3. else we start a travel of our own.

A master that ticks by itself is pinned, because virtual time moves only when somebody moves it. time-machine is
imported when a travel of our own starts; freezegun is never imported, only looked up among the loaded modules.

No function of a real clock is kept in this module: freezegun's scan would rebind it.
"""

import sys
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

_EPOCH = datetime(1970, 1, 1)


class TravelledWallClock:
    """The ``WallClock`` of one test. A context manager; leaving it gives user code the real time back.

    Enter it after the ``freezer`` or ``time_machine`` fixture of the test, and leave it before they end.

    Args:
        start_ns: Where a travel of our own starts, in nanoseconds since the epoch.
    """

    def __init__(self, start_ns: int) -> None:
        self._seen_ns = start_ns
        self._is_closed = False
        self._own: Any = None
        self._own_traveller: Any = None
        #: Where our own travel stands.
        self._own_ns = start_ns
        #: time-machine's stack of travels, once our own is on it.
        self._stack: list[Any] = []
        self._pinned: list[_PinnedFreeze | _PinnedTravel] = []

    def __enter__(self) -> "TravelledWallClock":
        self.now_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def now_ns(self) -> int:
        """What user code sees now, in nanoseconds since the epoch. Starts or pins a master if that is necessary."""
        if self._is_closed:
            return self._seen_ns  # somebody looks late, for example a finalizer: the real time must stay what it is
        freezegun = sys.modules.get("freezegun.api")  # as `_innermost_freeze`, without the call: every read comes by
        if freezegun is not None and freezegun.freeze_factories:
            self._seen_ns = self._read_freeze(freezegun.freeze_factories[-1])
        elif self._stack and self._stack[-1] is self._own_traveller:
            self._seen_ns = self._own_ns  # nobody but `push` moves it, and asking it costs most of a read
        else:
            self._seen_ns = self._traveller().time_ns()
        return self._seen_ns

    def push(self, delta_ns: int) -> None:
        """Move the master forward. A freeze has whole microseconds; the distance is rounded up to them."""
        if self._is_closed:
            return
        freeze = _innermost_freeze()
        if freeze is not None:
            freeze.tick(timedelta(microseconds=-(-delta_ns // 1_000)))
            return
        traveller = self._traveller()
        microseconds, nanoseconds = divmod(delta_ns, 1_000)
        traveller.shift(timedelta(microseconds=microseconds))
        if nanoseconds:
            traveller.shift(nanoseconds / 1e9)  # a float is exact enough below a microsecond
        if traveller is self._own_traveller:
            self._own_ns = traveller.time_ns()

    def close(self) -> None:
        """End our own travel and let what was pinned tick again. Closing twice does nothing."""
        self._is_closed = True
        for pinned in reversed(self._pinned):
            pinned.release()
        self._pinned.clear()
        if self._own is not None:
            self._end_own_travel()

    def _read_freeze(self, freeze: Any) -> int:
        if type(freeze).__name__ == "TickingDateTimeFactory":
            self._pinned.append(_PinnedFreeze(freeze))
        since = freeze.time_to_freeze - _EPOCH  # not `freeze()`: reading moves a freeze with auto_tick_seconds
        seconds: int = since.days * 86_400 + since.seconds
        return seconds * 1_000_000_000 + since.microseconds * 1_000  # type: ignore[no-any-return]

    def _traveller(self) -> Any:
        stack = _travellers()
        if not stack:
            return self._start_own_travel()
        traveller = stack[-1]
        if traveller._tick:
            self._pinned.append(_PinnedTravel(traveller))
        return traveller

    def _start_own_travel(self) -> Any:
        from time_machine import travel

        seconds, nanoseconds = divmod(self._seen_ns, 1_000_000_000)
        self._own = travel(seconds, tick=False)
        self._own_traveller = self._own.start()
        microseconds, nanoseconds = divmod(nanoseconds, 1_000)
        self._own_traveller.shift(timedelta(microseconds=microseconds))
        self._own_traveller.shift(nanoseconds / 1e9)
        self._own_ns = self._own_traveller.time_ns()
        self._stack = _travellers()
        return self._own_traveller

    def _end_own_travel(self) -> None:
        """Leave the stack of travels. A travel of the test may lie on top of ours, and must stay."""
        stack = _travellers()
        if stack and stack[-1] is self._own_traveller:
            self._own.stop()
        elif self._own_traveller in stack:
            stack.remove(self._own_traveller)
        self._own = self._own_traveller = None
        self._stack = []


class _PinnedTravel:
    """A travel with ``tick=True``, stopped at what it showed when we first looked."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller
        # Private parts: `move_to(…, tick=False)` would forget the time zone of the destination.
        traveller._destination_timestamp_ns = traveller.time_ns()
        traveller._tick = False

    def release(self) -> None:
        self._traveller._requested = False
        self._traveller._tick = True


class _PinnedFreeze:
    """A freeze with ``tick=True``, stopped at what it showed when we first looked.

    The factory object stays the one that the test holds; its class is exchanged, because a call is looked up there.
    Its ``tick`` starts from the pinned time, whereas that of a ticking freeze moves time backwards.
    """

    def __init__(self, freeze: Any) -> None:
        self._freeze = freeze
        self._class = type(freeze)
        freeze.time_to_freeze = freeze()
        freeze.__class__ = type("PinnedDateTimeFactory", (self._class,), {"__call__": _frozen_time})

    def release(self) -> None:
        self._freeze.__class__ = self._class
        self._freeze.move_to(self._freeze.time_to_freeze)


def _frozen_time(freeze: Any) -> Any:
    return freeze.time_to_freeze


def is_frozen() -> bool:
    """Whether freezegun is the master of wall time now."""
    return _innermost_freeze() is not None


def _innermost_freeze() -> Any:
    api = sys.modules.get("freezegun.api")
    return api.freeze_factories[-1] if api is not None and api.freeze_factories else None


def _travellers() -> list[Any]:
    time_machine = sys.modules.get("time_machine")
    return [] if time_machine is None else time_machine.traveller_stack

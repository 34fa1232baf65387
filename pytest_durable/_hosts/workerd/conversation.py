"""The test talks with the process: requests, orders about time, and the wait until the process has nothing left to do.

Synchronous on purpose. While the process works the test's event loop has nothing better to do than to wait in real
time, and when a method returns the process stands still: it has no time of its own, and everything it was asked is
answered or waits. So for the loop a call is a plain future, not a descriptor.

Invariant: between two public methods no order is without its report.
"""

import selectors
from collections import deque
from collections.abc import Callable

from pytest_durable._core.errors import WorkerdBusyError, WorkerdDiedError
from pytest_durable._hosts.workerd.clock import Order, Progress, Report
from pytest_durable._hosts.workerd.clock_line import ClockLine
from pytest_durable._hosts.workerd.deadline import Deadline
from pytest_durable._hosts.workerd.exchange import Exchange, Reply
from pytest_durable._hosts.workerd.last_words import died, never_rests
from pytest_durable._hosts.workerd.output import Output, Pipe

#: How long the process may work, in real time, without coming to rest.
REAL_SECONDS_MAX = 5.0
#: Timers of the process passed in one journey. Without limit it could be endless: the runtime has periodic ones.
STEPS_MAX = 1_000_000
#: How many in one order, so that the real-time limit is for a tenth of a second of work and not for a long journey.
_STEPS_OF_ONE_ORDER = 50_000

OnReply = Callable[[Reply | None], None]


class Conversation:
    """The connections of one process.

    Args:
        clock: The line to the clock in the process. Owned by this object from now on.
        address: Where the harness listens.
        output: Receives what the process prints.
        pipes: The reading ends of its standard output and error. Owned by this object from now on.
        end: Tells how the process ended, once it has.
        in_flight: Describes the requests without a reply, for messages.
    """

    def __init__(
        self,
        clock: ClockLine,
        address: bytes | str,
        output: Output,
        pipes: tuple[Pipe, ...],
        end: Callable[[], str],
        in_flight: Callable[[], list[str]] = list,
    ) -> None:
        self._clock = clock
        self._address = address
        self._output = output
        self._pipes = pipes
        self._end = end
        self._describe = in_flight
        self._exchanges: set[Exchange] = set()
        #: What has arrived and is not handed over yet.
        self._replies: deque[tuple[OnReply, Reply | None]] = deque()
        self._is_in_pieces = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(clock, selectors.EVENT_READ, self._receive_report)
        for pipe in pipes:
            if pipe.is_open:
                self._selector.register(
                    pipe, selectors.EVENT_READ, lambda _events, pipe=pipe: self._receive_output(pipe)
                )
        self.is_open = True
        self.real_seconds_max = REAL_SECONDS_MAX

    def __repr__(self) -> str:
        return f"<Conversation {'open' if self.is_open else 'over'}, {len(self._exchanges)} in flight, {self._clock!r}>"

    @property
    def wall_ns(self) -> int:
        """What the process takes for the time; if it has ended by itself, the instant of its last words."""
        return self._clock.wall_ns

    @property
    def in_flight(self) -> int:
        """How many requests are without a reply."""
        return len(self._exchanges)

    def submit(self, body: bytes, on_reply: OnReply) -> Exchange:
        """Send a request. The reply arrives during a later ``settle``, ``travel`` or ``jump``."""
        if not self.is_open:
            raise self._died()
        try:
            exchange = Exchange(self._address, body, lambda reply: self._replies.append((on_reply, reply)))
        except OSError as error:
            raise self._died() from error
        self._exchanges.add(exchange)
        self._watch(exchange)
        return exchange

    def drop(self, exchange: Exchange) -> None:
        """Let go of a request: the process cancels it, as for a client that has disconnected."""
        if exchange in self._exchanges:
            self._exchanges.discard(exchange)
            self._selector.unregister(exchange)
            exchange.close()
            self._hand_over()

    def drop_all(self) -> None:
        """Let go of every request."""
        for exchange in tuple(self._exchanges):
            self.drop(exchange)

    def settle(self) -> Progress:
        """Wait, in real time, until the process has nothing left to do. Its time does not move.

        Raises:
            WorkerdBusyError: It did not come to rest.
            WorkerdDiedError: It ended.
        """
        return self._give(Order())

    def travel(self, limit_ns: int | None, steps_max: int = STEPS_MAX) -> Progress:
        """Let time pass until the process says something, but no further than ``limit_ns``.

        Each timer of the process fires at its own instant, those at the very limit included. With None time goes on
        until the process speaks or has no timer left.

        Args:
            limit_ns: How far at most, in nanoseconds.
            steps_max: How many timers at most.
        """
        total = self._leg(limit_ns, steps_max)
        while not total.has_spoken and total.steps < steps_max and total.travelled_ns != limit_ns:
            leg = self._leg(None if limit_ns is None else limit_ns - total.travelled_ns, steps_max - total.steps)
            if not leg.steps and not leg.travelled_ns and not leg.has_spoken:
                return total  # no timer is left, and no limit to go to
            total = leg.after(total)
        return total

    def jump(self, distance_ns: int) -> Progress:
        """Let time pass all at once: whatever was due on the way is late."""
        return self._give(Order(wall_ns=self.wall_ns + distance_ns, move_ns=distance_ns))

    def set_wall(self, wall_ns: int) -> Progress:
        """Set the wall clock without letting time pass."""
        return self._give(Order(wall_ns=wall_ns))

    def wait_for_the_end(self, seconds: float) -> bool:
        """Wait, in real time, until the process has ended; False if it has not.

        Nothing else is written to it and no order is given.
        """
        try:
            deadline = Deadline(seconds)
            while self._serve_once(deadline.left()):
                pass
        except WorkerdDiedError:
            pass
        return not self.is_open

    def close(self) -> None:
        """End the conversation, not the process. Requests in flight end without a reply."""
        self._let_go()
        self._hand_over()

    def _let_go(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        for pipe in self._pipes:
            pipe.drain()
            pipe.close()
        for exchange in tuple(self._exchanges):
            exchange.receive()
            exchange.close()
        self._exchanges.clear()
        self._selector.close()
        self._clock.close()

    # Orders and reports.

    def _leg(self, limit_ns: int | None, steps_max: int) -> Progress:
        return self._give(Order(travel_ns=limit_ns, steps_max=min(steps_max, _STEPS_OF_ONE_ORDER)))

    def _give(self, order: Order) -> Progress:
        if not self.is_open:
            raise self._died()
        report = self._obtain(order)
        has_spoken = report.has_spoken
        while self._is_in_pieces:
            # A message longer than the buffer of a socket: the process came to rest only because it waited for us to
            # write the remainder, or to make room for it.
            has_spoken |= self._obtain(Order()).has_spoken
        return Progress(travelled_ns=report.travelled_ns, steps=report.steps, has_spoken=has_spoken)

    def _obtain(self, order: Order) -> Report:
        self._is_in_pieces = False
        try:
            self._clock.give(order)
        except OSError as error:
            self._let_go()
            raise self._died() from error
        deadline = Deadline(self.real_seconds_max)
        while (report := self._clock.report) is None:
            # What never stops to print is no better than what never says a word.
            if not self._serve_once(left := deadline.left()) or not left:
                raise self._busy()
        # What the process wrote before it reported is there now: local sockets and pipes deliver at once.
        while self._serve_once(0):
            pass
        self._hand_over()
        return report

    def _hand_over(self) -> None:
        """Hand over the replies. The report has been read by then, and so have the records of the same events.

        So whoever takes a reply finds ``wall_ns`` at the instant of the reply, and never hears of the end of a call
        before its beginning, although both come through channels of their own.
        """
        while self._replies:
            on_reply, reply = self._replies.popleft()
            on_reply(reply)

    # Serving.

    def _serve_once(self, seconds: float) -> bool:
        ready = self._selector.select(seconds)
        for key, events in ready:
            key.data(events)
        return bool(ready)

    def _receive_report(self, _events: int) -> None:
        if not self._clock.receive():
            self._let_go()  # who waits for a reply is told by ``close``, when it is known how the process ended
            raise self._died()

    def _receive_output(self, pipe: Pipe) -> None:
        pipe.receive()
        if not pipe.is_open:
            self._selector.unregister(pipe)

    def _serve(self, exchange: Exchange, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            exchange.send()
            self._is_in_pieces = True
            self._selector.modify(exchange, _events(exchange), self._selector.get_key(exchange).data)
        if events & selectors.EVENT_READ:
            self._selector.unregister(exchange)
            exchange.receive()
            if exchange.is_over:
                self._exchanges.discard(exchange)
            else:
                self._is_in_pieces = True
                self._watch(exchange)

    def _watch(self, exchange: Exchange) -> None:
        self._selector.register(exchange, _events(exchange), lambda events: self._serve(exchange, events))

    # Errors.

    def _died(self) -> WorkerdDiedError:
        return died(self._end(), self._output)

    def _busy(self) -> WorkerdBusyError:
        return never_rests(self.real_seconds_max, self._describe(), len(self._exchanges), self._output)


def _events(exchange: Exchange) -> int:
    return selectors.EVENT_READ | (selectors.EVENT_WRITE if exchange.has_unsent else 0)

"""The test talks with the process: requests, orders about time, and the wait until the process has nothing left to do.

Synchronous on purpose. While the process works the test's event loop has nothing better to do than to wait in real
time, and when a method returns the process stands still: it has no time of its own, and everything it was asked is
answered or waits. So for the loop a call is a plain future, not a descriptor.

Invariant: between two public methods no order is without its report.
"""

import selectors
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pytest_durable._core.errors import WorkerdBusyError, WorkerdDiedError
from pytest_durable._hosts.workerd.clock import REPORT_SIZE, Order, Report
from pytest_durable._hosts.workerd.exchange import Exchange, Reply
from pytest_durable._hosts.workerd.output import Output, Pipe

#: How long the process may work, in real time, without writing anything and without coming to rest.
REAL_SECONDS_MAX = 5.0
#: Timers of the process passed in one journey. Without limit it could be endless: the runtime has periodic ones.
STEPS_MAX = 1_000_000
#: How many in one order, so that the real-time limit is for a tenth of a second of work and not for a long journey.
_STEPS_OF_ONE_ORDER = 50_000

OnReply = Callable[[Reply | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a journey ended."""

    #: How far time moved.
    travelled_ns: int
    #: Distance to the next wake-up of the process, or None. Nothing happens there earlier; perhaps not then either.
    due_ns: int | None
    #: How many timers of the process were passed.
    steps: int
    #: Whether it said anything: a reply, a record, a line of output. If so, the journey ended with that.
    has_spoken: bool

    def after(self, earlier: "Progress") -> "Progress":
        """Return the journey made of an earlier one and this one."""
        return Progress(
            travelled_ns=earlier.travelled_ns + self.travelled_ns,
            due_ns=self.due_ns,
            steps=earlier.steps + self.steps,
            has_spoken=earlier.has_spoken or self.has_spoken,
        )


class Conversation:
    """The connections of one process.

    Args:
        clock: Our end of the socket that ``shim.c`` holds the other end of. Owned by this object from now on.
        address: Where the harness listens.
        output: Receives what the process prints.
        pipes: The reading ends of its standard output and error. Owned by this object from now on.
        wall_ns: The time it was started with.
    """

    def __init__(
        self, clock: socket.socket, address: bytes | str, output: Output, pipes: tuple[Pipe, ...], wall_ns: int
    ) -> None:
        clock.setblocking(False)
        self._clock = clock
        self._address = address
        self._output = output
        self._pipes = pipes
        self._wall_ns = wall_ns
        self._orders = 0
        self._due_ns: int | None = None
        self._exchanges: set[Exchange] = set()
        #: What has arrived and is not handed over yet.
        self._replies: deque[tuple[OnReply, Reply | None]] = deque()
        self._report: Report | None = None
        #: How far the process has come with an order that it has not reported yet, by its first word.
        self._underway_ns = 0
        self._is_in_pieces = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(clock, selectors.EVENT_READ, self._receive_report)
        for pipe in pipes:
            self._selector.register(pipe, selectors.EVENT_READ, lambda _events, pipe=pipe: self._receive_output(pipe))
        self.is_open = True
        self.real_seconds_max = REAL_SECONDS_MAX

    def __repr__(self) -> str:
        state = "open" if self.is_open else "over"
        return f"<Conversation {state}, {len(self._exchanges)} in flight, wall_ns={self._wall_ns}>"

    @property
    def wall_ns(self) -> int:
        """What the process takes for the time; if it has ended by itself, the instant of its last words."""
        return self._wall_ns + self._underway_ns

    @property
    def due_ns(self) -> int | None:
        """The wall instant of its next wake-up, as the last report told; None if it waits for no time."""
        return None if self._due_ns is None else self._wall_ns + self._due_ns

    @property
    def in_flight(self) -> int:
        """How many requests are without a reply."""
        return len(self._exchanges)

    def has_clock(self) -> bool:
        """Whether the process has the clock of the test, once it has begun to run. To be asked before anything else."""
        try:
            return bool(self._clock.recv(REPORT_SIZE))
        except OSError:
            return False

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
        return self._give(Order(number=self._next(), wall_ns=self._wall_ns))

    def travel(self, limit_ns: int | None, steps_max: int = STEPS_MAX) -> Progress:
        """Let time pass until the process says something, but no further than ``limit_ns``.

        Each timer of the process fires at its own instant, those at the very limit included. With None time goes on
        until the process speaks or has no timer left.

        Args:
            limit_ns: How far at most, in nanoseconds.
            steps_max: How many timers at most.
        """
        total = self._leg(limit_ns, min(steps_max, _STEPS_OF_ONE_ORDER))
        while not total.has_spoken and total.steps < steps_max and total.travelled_ns != limit_ns:
            rest_ns = None if limit_ns is None else limit_ns - total.travelled_ns
            leg = self._leg(rest_ns, min(steps_max - total.steps, _STEPS_OF_ONE_ORDER))
            if not leg.steps and not leg.travelled_ns and not leg.has_spoken:
                return leg.after(total)  # no timer is left, and no limit to go to
            total = leg.after(total)
        return total

    def jump(self, distance_ns: int) -> Progress:
        """Let time pass all at once: whatever was due on the way is late."""
        self._wall_ns += distance_ns
        return self._give(Order(number=self._next(), wall_ns=self._wall_ns, move_ns=distance_ns))

    def set_wall(self, wall_ns: int) -> Progress:
        """Set the wall clock without letting time pass."""
        self._wall_ns = wall_ns
        return self._give(Order(number=self._next(), wall_ns=wall_ns))

    def wait_for_the_end(self, seconds: float) -> bool:
        """Wait, in real time, until the process has ended; False if it has not.

        Nothing else is written to it and no order is given.
        """
        try:
            while self._serve_once(seconds):
                pass
        except WorkerdDiedError:
            pass
        return not self.is_open

    def close(self) -> None:
        """End the conversation, not the process. Requests in flight end without a reply."""
        if not self.is_open:
            return
        self.is_open = False
        for pipe in self._pipes:
            pipe.receive()  # what the process managed to say
            pipe.close()
        for exchange in tuple(self._exchanges):
            exchange.receive()
            exchange.close()
        self._exchanges.clear()
        self._selector.close()
        self._clock.close()
        self._hand_over()

    # Orders and reports.

    def _leg(self, limit_ns: int | None, steps_max: int) -> Progress:
        return self._give(Order(number=self._next(), wall_ns=self._wall_ns, travel_ns=limit_ns, steps_max=steps_max))

    def _next(self) -> int:
        self._orders += 1
        return self._orders

    def _give(self, order: Order) -> Progress:
        if not self.is_open:
            raise self._died()
        report = self._obtain(order)
        travelled_ns, steps, has_spoken = report.travelled_ns, report.steps, report.has_spoken
        while self._is_in_pieces:
            # A message longer than the buffer of a socket: the process came to rest only because it waited for us to
            # write the remainder, or to make room for it.
            report = self._obtain(Order(number=self._next(), wall_ns=self._wall_ns))
            has_spoken |= report.has_spoken
        return Progress(travelled_ns=travelled_ns, due_ns=report.due_ns, steps=steps, has_spoken=has_spoken)

    def _obtain(self, order: Order) -> Report:
        self._is_in_pieces = False
        self._underway_ns = 0
        try:
            self._clock.send(order.pack())
        except OSError as error:
            self.close()
            raise self._died() from error
        # The report of an order that was given up by an error may still come; it is not the one.
        while self._report is None or self._report.number != order.number:
            if not self._serve_once(self.real_seconds_max):
                raise self._busy()
        report = self._report
        self._wall_ns += report.travelled_ns
        self._underway_ns = 0
        self._due_ns = report.due_ns
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
        try:
            packet = self._clock.recv(REPORT_SIZE)
        except OSError:
            packet = b""
        if not packet:
            self.close()
            raise self._died()
        report = Report.unpack(packet)
        if report.number < 0:
            self._underway_ns = report.travelled_ns
        else:
            self._report = report

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
        return WorkerdDiedError(f"workerd has ended by itself.\n\n{_printed(self._output)}")

    def _busy(self) -> WorkerdBusyError:
        return WorkerdBusyError(
            f"workerd has not come to rest within {self.real_seconds_max:g} s of real time, "
            f"with {len(self._exchanges)} requests in flight.\n\n"
            "Look for code that never waits, such as an endless loop, or that waits for a server on the network.\n\n"
            f"{_printed(self._output)}"
        )


def _events(exchange: Exchange) -> int:
    return selectors.EVENT_READ | (selectors.EVENT_WRITE if exchange.has_unsent else 0)


def _printed(output: Output) -> str:
    text = output.text()
    return f"It printed:\n\n{text}" if text else "It printed nothing."

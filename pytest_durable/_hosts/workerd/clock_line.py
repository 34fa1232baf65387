"""The socket between the test and the clock in the process: orders go there, reports come back."""

import socket

from pytest_durable._hosts.workerd.clock import REPORT_SIZE, Order, Report


class ClockLine:
    """Our end of the socket that ``shim.c`` holds the other end of.

    Args:
        end: Owned by this object from now on.
        wall_ns: The time that the process was started with.
    """

    def __init__(self, end: socket.socket, wall_ns: int) -> None:
        end.setblocking(False)
        self._socket = end
        self._wall_ns = wall_ns
        self._orders = 0
        self._report: Report | None = None
        #: How far the process has come with an order that it has not reported yet, by its first word.
        self._underway_ns = 0

    def __repr__(self) -> str:
        return f"<ClockLine at {self.wall_ns}, {self._orders} orders>"

    @property
    def wall_ns(self) -> int:
        """What the process takes for the time; if it has ended by itself, the instant of its last words."""
        return self._wall_ns + self._underway_ns

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def has_clock(self) -> bool:
        """Whether the process has the clock of the test, once it has begun to run. To be asked before anything else."""
        try:
            return bool(self._socket.recv(REPORT_SIZE))
        except OSError:
            return False

    def give(self, order: Order) -> None:
        """Send an order. Its report becomes ``report``.

        Raises:
            OSError: The process has ended.
        """
        if order.wall_ns is not None:
            self._wall_ns = order.wall_ns
        self._orders += 1
        self._report, self._underway_ns = None, 0
        self._socket.send(order.pack(self._orders, self._wall_ns))

    @property
    def report(self) -> Report | None:
        """That of the last order, once it has come.

        The report of an order that was given up by an error may still come; it is passed over.
        """
        return self._report

    def receive(self) -> bool:
        """Take one packet; False if the process has ended."""
        try:
            packet = self._socket.recv(REPORT_SIZE)
        except OSError:
            packet = b""
        if not packet:
            return False
        report = Report.unpack(packet)
        if report.number == -self._orders:
            self._underway_ns = report.travelled_ns
        elif report.number == self._orders:
            self._report = report
            self._wall_ns += report.travelled_ns
            self._underway_ns = 0
        return True

    def close(self) -> None:
        """Close our end."""
        self._socket.close()

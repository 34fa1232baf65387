"""When containers that nobody uses go: at instants that lie 70 s apart.

Source: workerd server/server.c++ (cleanupLoop); spec durable-objects 9.3.
"""

from collections.abc import Mapping

from pytest_durable._core.clock import Clock
from pytest_durable._core.life import Life
from pytest_durable._core.runtime.namespace import CONTAINER_IDLE_NS, ActorNamespace


class Sweeper:
    """Lets the namespaces of one life look for containers that have been unused for long.

    Args:
        life: Owns the timer.
        clock: Tells elapsed time.
        namespaces: All of the life; there may come to be more.
    """

    def __init__(self, life: Life, clock: Clock, namespaces: Mapping[str, ActorNamespace]) -> None:
        self._life = life
        self._clock = clock
        self._namespaces = namespaces
        self._began_ns = clock.elapsed_ns
        self._is_armed = False

    def __repr__(self) -> str:
        return f"<Sweeper of {len(self._namespaces)} namespaces{', armed' if self._is_armed else ''}>"

    def arm(self) -> None:
        """Sweep at the next of the instants that lie 70 s apart.

        Only while some container has no stub: a test that moves the clock by years must not pay for each of them.
        """
        if not self._is_armed and not self._life.is_over:
            self._is_armed = True
            passed_ns = (self._clock.elapsed_ns - self._began_ns) % CONTAINER_IDLE_NS
            self._life.after(CONTAINER_IDLE_NS - passed_ns, self._sweep, housekeeping=True)

    def _sweep(self) -> None:
        self._is_armed = False
        for namespace in self._namespaces.values():
            namespace.sweep(self._clock.elapsed_ns)
        if any(namespace.has_unbound for namespace in self._namespaces.values()):
            self.arm()

"""The life of a host's process as a test controls it: stop, start, restart, crash, cut, and the end of the test."""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, ParamSpec, TypeVar

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError, LifeEnded, TimeBackwardsError
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.runtime import App
from pytest_durable._hosts.declarations import is_class_binding, resolve_target
from pytest_durable._hosts.durations import duration_ns
from pytest_durable._hosts.edges import make_edge
from pytest_durable._hosts.machine import HostMachine
from pytest_durable._hosts.stub import Stub

P = ParamSpec("P")
T = TypeVar("T")

#: How long a graceful stop waits for calls in flight, in virtual seconds (decisions 4.5).
DRAIN_SECONDS_MAX: Final = 30


def ends_with_the_life(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T | None]]:
    """Let a method of the host return normally when a crash point cuts the life in the middle of it."""

    @functools.wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(*args, **kwargs)
        except LifeEnded:
            return None

    return guarded


class HostProcess(HostMachine):
    """A host whose process can be stopped, started and crashed."""

    @ends_with_the_life
    async def stop(self) -> None:
        """End the life in order: finish calls in flight (at most 30 virtual seconds), close the databases.

        Afterwards only ``.sqlite`` files remain. A running alarm handler is cut off and runs again at the
        next start.
        """
        self.raise_failures()
        if self._runtime is None:
            return
        self._is_draining = True
        try:
            await self._drain()
        finally:
            self._is_draining = False
        self._end_life(graceful=True)

    @ends_with_the_life
    async def start(self) -> None:
        """Begin a new life on the same disk; what became due meanwhile fires now, late."""
        self.world.check_loop()
        self.begin_life()
        await self.settle()

    async def restart(
        self, *, crash: bool = False, down_for: timedelta | str | None = None, app: App | None = None
    ) -> None:
        """Stop (or crash) and start again.

        Args:
            crash: End the life by a crash.
            down_for: Virtual time between the two; alarms that come due meanwhile fire late, at the start.
            app: New code for the old data.
        """
        # A wrong argument is noticed before anything ends.
        down_for_ns = 0 if down_for is None else _downtime_ns(down_for)
        deploy = None if app is None else self._prepare(app)
        await (self.crash() if crash else self.stop())
        if down_for_ns:
            await self.clock.advance(timedelta(microseconds=down_for_ns // 1_000))
        if deploy is not None:
            deploy()
        await self.start()

    def _prepare(self, app: App) -> Callable[[], None]:
        """Check new code for old data; what is returned puts it in the place of the code before."""
        if not isinstance(app, App):
            raise ConfigurationError(f"restart(app=…) takes an App, not {app!r}.")
        if app.surface == "auto":  # the project's SDK is the same as before
            app = replace(app, surface=self.edge.name)
        edge = make_edge(app, self.platform_warnings.report)
        values = [*app.classes, *(value for value in app.bindings.values() if is_class_binding(value))]
        targets = [resolve_target(value) for value in values]  # type: ignore[arg-type]

        def deploy() -> None:
            self.app, self.edge = app, edge
            for target in targets:
                known = self._namespaces.get(target.class_name)
                if known is not None:
                    known.target = target

        return deploy

    async def crash(self) -> None:
        """End the life at once, as by SIGKILL: no user code runs any more, only what was committed is kept.

        Calls in flight fail; ``-wal`` and ``-shm`` files stay as they are.
        """
        self.raise_failures()
        self.world.check_loop()
        self._end_life(graceful=False)
        await let_callers_know()

    def crash_at(
        self,
        record_type: type[events.Record] | None,
        *,
        object: Stub | None = None,
        nth: int = 1,
    ) -> None:
        """Cut the life at a record, in the middle of whatever writes it. Everything after it does not happen.

        Args:
            record_type: The class of the record; None takes an earlier crash point back.
            object: Only records of this object count.
            nth: The how-manieth of them, from now on.
        """
        _check_record_type(record_type)
        if nth < 1:
            raise ConfigurationError(f"crash_at() counts from 1, not {nth}.")
        if record_type is None:
            self.journal.disarm()
            return
        key = None if object is None else self.own_stub(object)._durable_key
        remaining = nth

        def is_reached(kind: type[events.Record], actor: ObjectKey | None) -> bool:
            nonlocal remaining
            if issubclass(kind, record_type) and (key is None or actor == key):
                remaining -= 1
            return remaining == 0

        self.journal.arm(is_reached, self._cut)

    async def _drain(self) -> None:
        runtime = self.require_running()
        in_flight = [
            reply.future for c in runtime.containers() if c.incarnation is not None for reply in c.incarnation.replies
        ]
        if in_flight:
            with self._jumping():
                await asyncio.wait(in_flight, timeout=DRAIN_SECONDS_MAX)
        for container in runtime.containers():
            if container.incarnation is not None:
                container.incarnation.end_turn()

    @contextmanager
    def _jumping(self) -> Iterator[None]:
        """Let a wait of the host itself, which ends after a while, move time, whatever the test has chosen."""
        before = self.world.autojump
        self.world.set_autojump(True)
        try:
            with self.world.alarm_limit.bounded():
                yield
        finally:
            self.world.set_autojump(before)

    @ends_with_the_life
    async def settle(self) -> None:
        """Let everything run that can run now. Time does not move."""
        self.world.check_loop()
        await self.world.loop.pump.settle()
        self.raise_failures()

    # -- the end of the test

    async def finish(self) -> None:
        """End of the test: let run what can, cancel what waits, stop in order. Failures nobody saw are kept."""
        failures, self._failures = self._failures, []
        self.journal.disarm()  # what the test wanted to cut has not come
        if self._runtime is not None:
            await self.world.loop.pump.settle()
            self._warn_about_background()
            for task in self._waiting_tasks():
                task.cancel()
            await self.world.loop.pump.settle()
            self._end_life(graceful=True)
        self._failures = failures + self._failures

    def _warn_about_background(self) -> None:
        for key in [] if self._runtime is None else self._runtime.unfinished_background():
            self.platform_warnings.report(
                "PD-W11", f"a waitUntil of {key} had not finished when the test ended; production may cancel it"
            )

    def _waiting_tasks(self) -> list["asyncio.Task[Any]"]:
        runtime = self._runtime
        if runtime is None:
            return []
        strands = set(runtime.strands())
        return [task for task in asyncio.all_tasks(self.world.loop) if task.get_coro() in strands]


async def let_callers_know() -> None:
    """Give the callers whose calls have just failed the chance to notice before the test goes on."""
    await asyncio.sleep(0)


def _check_record_type(record_type: object) -> None:
    """Refuse what would pass silently, or fail in the middle of some later call."""
    if record_type is None or (isinstance(record_type, type) and issubclass(record_type, events.Record)):
        return
    raise ConfigurationError(
        f"crash_at() takes a class of records, not {record_type!r}.\n\n"
        "Import one:  from pytest_durable.events import Committed"
    )


def _downtime_ns(down_for: timedelta | str) -> int:
    length_ns = duration_ns(down_for)
    if length_ns < 0:
        raise TimeBackwardsError(f"restart() cannot be down for {down_for}: time does not go back.")
    return length_ns

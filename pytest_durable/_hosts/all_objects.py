"""What a test can do to all objects of the host in this process at once: a part of ``inprocess.InProcessHost``."""

import asyncio
from typing import Final, Literal

from pytest_durable._core.actor import is_in_turn
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure
from pytest_durable._core.runtime import ActorNamespace, Runtime
from pytest_durable._hosts.arguments import check_texts
from pytest_durable._hosts.common import CommonHost
from pytest_durable._hosts.crash_points import ends_with_the_life
from pytest_durable._hosts.eviction import check_socket_mode, evict_together
from pytest_durable._hosts.process import Process

_BY_PATH: Final = (
    "A class that was handed over as an object is used as it is, and its module is not executed again.\n"
    'Name each class by its path:  durable.namespace("module:Class")'
)


class AllObjects(CommonHost):
    """The verbs for all objects. A class named in ``PlatformOptions(prevent_eviction=…)`` is exempt where they say so.

    Source: workerd api/unsafe.c++, api/workers-module.c++; spec durable-objects 9.6, 9.7.
    """

    _process: Process

    @ends_with_the_life
    async def evict_all(self, web_sockets: Literal["hibernate", "close"] = "hibernate") -> None:
        """Drop every instance in order, each once its object has nothing to do. Not those of exempt classes.

        Raises:
            PlatformError: An object was busy for 30 virtual seconds; the others are dropped.
        """
        check_socket_mode(web_sockets)
        runtime = self._begin_verb("evict_all")
        running = [container for namespace in runtime.evictable() for container in namespace.running()]
        await evict_together(running, self.world, web_sockets)

    @ends_with_the_life
    async def abort_all(self, reason: str | None = None) -> None:
        """End every object at once, except those of exempt classes: calls in flight and stubs used so far fail.

        Alarms and data stay. The handler of an alarm that runs is tried again, and that is not counted.

        Args:
            reason: What callers are told; by default the platform's words.
        """
        check_texts("abort_all", reason=reason)
        self._begin_verb("abort_all").abort_all(reason)
        await self.world.let_callers_know()

    @ends_with_the_life
    async def delete_all(self) -> None:
        """End every object at once and delete what it has, except those of exempt classes: data, facets, alarms."""
        self._begin_verb("delete_all").delete_all()
        await self.world.let_callers_know()

    @ends_with_the_life
    async def delete_all_alarms(self) -> None:
        """Delete the alarm of every object, in memory or not, as its ``deleteAlarm()`` would; data and instances stay.

        A handler that runs goes on to its end, and is not tried again. An object in the middle of a transaction or of
        ``blockConcurrencyWhile`` comes to it afterwards.

        Raises:
            DamagedFileError: An object cannot be read.
            PlatformError: The alarm of an object cannot be deleted.
        """
        runtime = self._begin_verb("delete_all_alarms")
        namespaces = runtime.namespaces.values()
        concerned = [(namespace, each) for namespace in namespaces for each in namespace.objects_with_alarm()]
        with self.world.jumping():
            deletions = (self._delete_alarm(namespace, actor_hex) for namespace, actor_hex in concerned)
            outcomes = await asyncio.gather(*deletions, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _delete_alarm(self, namespace: ActorNamespace, actor_hex: str) -> None:
        """Delete one alarm. An object that ends before it comes to it has it deleted like one that is not in memory."""
        for _ in range(2):
            deletion = namespace.delete_alarm(actor_hex)
            if deletion is None:
                return
            try:
                await deletion
                return
            except RemoteFailure as failure:
                seen = self._process.explain(failure)
        raise seen

    @ends_with_the_life
    async def abort_isolate(self, reason: str | None = None) -> None:
        """Give up the copy of the application's modules, with every object that lives in it; alarms and data stay.

        Calls in flight and stubs used so far fail; the next event executes the modules again.

        Args:
            reason: A part of what callers are told.

        Raises:
            PlatformError: A class was handed over as an object and not by its path. Nothing has happened.
        """
        check_texts("abort_isolate", reason=reason)
        runtime = self._begin_verb("abort_isolate")
        try:
            runtime.abort_isolate(reason)
        except PlatformError as failure:
            failure.add_note(_BY_PATH)
            raise
        await self.world.let_callers_know()

    def _begin_verb(self, verb: str) -> Runtime:
        """The life that runs.

        Raises:
            ConfigurationError: The verb is called by an object, which it would end.
            HostDownError: No life runs.
        """
        self.world.check_loop()
        self.raise_failures()
        if is_in_turn():
            raise ConfigurationError(
                f"{verb}() was called inside an object, which it concerns itself.\n\nCall it from the test."
            )
        return self._process.require_running()

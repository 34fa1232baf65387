"""A whole Worker, loaded from its configuration: its default entrypoint, its objects, and the lives of both."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from workers import DurableObject

from pytest_durable import App, Host, HostFactory, PlatformError
from pytest_durable.errors import ConfigurationError, HostDownError
from pytest_durable.events import CallEnded, CallStarted
from support.worker_project import SHOP, Project, bound


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "shop", SHOP, durable_objects=bound("Counter"), vars={"STAGE": "test"})


@pytest.fixture
def shop(project: Project, durable_factory: HostFactory) -> Host:
    return durable_factory(app=project.app())


def worker(tmp_path: Path, durable_factory: HostFactory, main: str, **said: Any) -> Host:
    """A host with a Worker of this main module."""
    begin = "from workers import DurableObject, Response, WorkerEntrypoint, WorkflowEntrypoint\n"
    begin = begin.replace(", WorkflowEntrypoint", "")
    return durable_factory(app=Project(tmp_path / "own", begin + main, **said).app())


async def text(host: Host, url: str = "https://x/alice") -> str:
    answer = await host.fetch(url)
    assert answer.status == 200, answer
    return await answer.text()


async def test_request_reaches_the_default_entrypoint_and_an_object(shop: Host) -> None:
    answer = await shop.fetch("https://x/alice")

    assert (answer.status, await answer.text(), answer.headers["x-stage"]) == (200, "alice 1 1", "test")
    assert answer.exception is None


async def test_binding_of_the_configuration_is_a_namespace_of_the_test(shop: Host) -> None:
    counters = shop.namespace("COUNTER")
    await shop.fetch("https://x/alice")

    assert await counters.get_by_name("alice").add(5) == 6
    shop.assert_stored(counters.get_by_name("alice"), {"total": 6})
    assert counters.unique_key == "shop-Counter"


async def test_class_of_the_main_module_is_the_namespace_that_binds_it(shop: Host) -> None:
    handed_over = type("Counter", (DurableObject,), {"__module__": "entry"})
    assert shop.namespace(handed_over) is shop.namespace("COUNTER")
    assert shop.namespace(handed_over, unique_key="Apart", binding="APART") is not shop.namespace("COUNTER")


async def test_module_state_ends_with_the_life_and_data_do_not(shop: Host) -> None:
    # PW-8.3, 8.4
    assert [await text(shop), await text(shop)] == ["alice 1 1", "alice 2 2"]
    await shop.restart()
    assert await text(shop) == "alice 3 1"
    await shop.restart(crash=True)
    assert await text(shop) == "alice 4 1"
    await shop.abort_isolate()
    assert await text(shop) == "alice 5 1"
    await shop.abort_all()
    assert await text(shop) == "alice 6 2"


async def test_new_code_runs_on_old_data(shop: Host, project: Project) -> None:
    await text(shop)
    project.write("src/entry.py", SHOP.replace("add(1)", "add(10)"))

    await shop.restart(app=project.app())

    assert await text(shop) == "alice 11 1"


async def test_exception_of_the_handler_is_an_answer_with_status_500(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-5.21
    host = worker(
        tmp_path,
        durable_factory,
        "class Default(WorkerEntrypoint):\n    async def fetch(self, request): raise KeyError('gone')\n",
    )

    answer = await host.fetch("https://x/")

    assert (answer.status, await answer.text()) == (500, "Internal Server Error")
    assert isinstance(answer.exception, KeyError)
    assert repr(answer) == "<response 500, 21 bytes, because of KeyError('gone')>"


async def test_failed_assertion_of_the_handler_fails_the_test(tmp_path: Path, durable_factory: HostFactory) -> None:
    host = worker(
        tmp_path,
        durable_factory,
        "class Default(WorkerEntrypoint):\n    def fetch(self, request): assert request.method == 'POST', 'no POST'\n",
    )

    with pytest.raises(AssertionError, match="no POST"):
        await host.fetch("https://x/")


async def test_entrypoint_is_constructed_anew_for_each_event(tmp_path: Path, durable_factory: HostFactory) -> None:
    main = """
class Default(WorkerEntrypoint):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.count = 0

    def fetch(self):
        self.count += 1
        return Response(str(self.count))
"""
    host = worker(tmp_path, durable_factory, main)

    assert [await text(host), await text(host)] == ["1", "1"]


async def test_fetch_handler_takes_the_request_then_none_twice(tmp_path: Path, durable_factory: HostFactory) -> None:
    # PW-1.4.T1.1
    main = """
class Default(WorkerEntrypoint):
    def fetch(self, *args): return Response(repr([type(each).__name__ for each in args]))
"""
    host = worker(tmp_path, durable_factory, main)

    assert await text(host) == "['Request', 'NoneType', 'NoneType']"


async def test_request_arrives_with_method_headers_and_body(tmp_path: Path, durable_factory: HostFactory) -> None:
    main = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(f"{request.method} {request.url} {request.headers['a']} {await request.text()}", status=201)
"""
    host = worker(tmp_path, durable_factory, main)

    answer = await host.fetch("https://x/y?z=1", method="PUT", headers={"a": "b"}, body="hello")

    assert (answer.status, await answer.text()) == (201, "PUT https://x/y?z=1 b hello")


async def test_result_that_is_no_response_is_the_platforms_error(tmp_path: Path, durable_factory: HostFactory) -> None:
    # PW-1.36
    host = worker(tmp_path, durable_factory, "class Default(WorkerEntrypoint):\n    def fetch(self): return {'a': 1}\n")

    answer = await host.fetch("https://x/")

    assert str(answer.exception) == (
        "TypeError: Incorrect type for Promise: the Promise did not resolve to 'Response'."
    )


async def test_class_without_the_handler_is_told_like_a_missing_method(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-1.35
    host = worker(tmp_path, durable_factory, "class Default(WorkerEntrypoint): pass\n")

    assert str((await host.fetch("https://x/")).exception) == "TypeError: Method fetch does not exist"
    assert str((await host.scheduled()).exception) == "TypeError: Method scheduled does not exist"
    assert str((await host.queue("q", [1])).exception) == "TypeError: Method queue does not exist"


async def test_module_without_a_default_entrypoint_exports_no_handlers(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-1.35
    host = worker(tmp_path, durable_factory, "class Counter(DurableObject): pass\n")

    assert str((await host.fetch("https://x/")).exception) == "Handler does not export a fetch() function."
    assert str((await host.scheduled()).exception) == "Handler does not export a scheduled() function"
    assert str((await host.queue("q", [1])).exception) == "Handler does not export a queue() function."


async def test_main_module_that_cannot_be_executed_fails_the_call(
    project: Project, durable_factory: HostFactory
) -> None:
    project.write("src/entry.py", "raise LookupError('at the top')\n")
    host = durable_factory(app=project.app())

    with pytest.raises(LookupError, match="at the top"):
        await host.fetch("https://x/")
    project.write("src/entry.py", SHOP)
    assert await text(host) == "alice 1 1"  # each event tries again


async def test_crash_in_the_middle_loses_the_connection(tmp_path: Path, durable_factory: HostFactory) -> None:
    main = """
class Counter(DurableObject):
    async def add(self): return await self.ctx.storage.put("a", 1)

class Default(WorkerEntrypoint):
    async def fetch(self):
        await self.env.COUNTER.getByName("a").add()
        return Response("done")
"""
    host = worker(tmp_path, durable_factory, main, durable_objects=bound("Counter"))
    host.crash_at(CallStarted, nth=2)

    with pytest.raises(PlatformError, match="Network connection lost"):
        await host.fetch("https://x/")
    assert not host.is_running
    with pytest.raises(HostDownError):
        await host.fetch("https://x/")
    await host.start()
    assert await text(host) == "done"


async def test_no_request_is_half_done_wherever_the_process_dies(
    project: Project, durable_factory: HostFactory
) -> None:
    whole = durable_factory(app=project.app())
    begun = len(whole.journal)
    await whole.fetch("https://x/alice")
    ends = []

    for number in range(begun, len(whole.journal)):
        host = durable_factory(app=project.app(), crash_at=number)
        with contextlib.suppress(PlatformError):  # the answer may have left already
            await host.fetch("https://x/alice")
        await host.start()
        ends.append(await text(host))

    assert ends == sorted(ends)
    assert set(ends) == {"alice 1 1", "alice 2 1"}


async def test_events_of_a_worker_are_in_the_journal(shop: Host) -> None:
    await text(shop)

    assert [(str(record.actor), record.method) for record in shop.journal.of(CallStarted)] == [
        ("shop", "fetch"),
        ('shop-Counter["alice"]', "add"),
    ]
    assert [record.method for record in shop.journal.of(CallEnded)] == ["add", "fetch"]


async def test_test_without_a_worker_is_told_how_to_name_one(durable: Host) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await durable.fetch("https://x/")

    fact, *_, page = str(caught.value).splitlines()
    assert fact == "There is no Worker that could answer fetch(): nothing names its main module."
    assert page == "See docs/how-to/python-worker.md"


def test_main_module_is_found_without_a_configuration(tmp_path: Path, durable_factory: HostFactory) -> None:
    Project(tmp_path, "from workers import Response, WorkerEntrypoint\nclass Default(WorkerEntrypoint):\n    pass\n")

    host = durable_factory(app=App(main=tmp_path / "src" / "entry.py"))

    assert host.run(host.fetch("https://x/")).status == 500


class TestClasses:
    """Which classes a main module exports (PW-1.12, 1.13)."""

    MAIN = """
from kept import Imported
from kept import Renamed as Alias

class Counter(DurableObject):
    def tell(self): return "Counter"

class _Hidden(DurableObject): pass

class Plain: pass
"""
    KEPT = """
from workers import DurableObject

class Imported(DurableObject):
    def tell(self): return "Imported"

class Renamed(DurableObject): pass
"""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Project:
        made = Project(tmp_path, "from workers import DurableObject\n" + self.MAIN)
        made.write("src/kept.py", self.KEPT)
        return made

    async def test_imported_class_counts(self, project: Project, durable_factory: HostFactory) -> None:
        project.say(durable_objects=bound("Counter", "Imported"))
        host = durable_factory(app=project.app())

        assert await host.namespace("COUNTER").get_by_name("a").tell() == "Counter"
        assert await host.namespace("IMPORTED").get_by_name("a").tell() == "Imported"

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("Absent", "Define or import it there, or correct the name in the configuration."),
            ("_Hidden", ""),
            ("Plain", "Plain is there, but does not derive from workers.DurableObject."),
            ("Renamed", "Renamed is imported under another name, and the platform looks for it under its own."),
        ],
    )
    async def test_class_that_is_missing_is_named(
        self, project: Project, durable_factory: HostFactory, name: str, why: str
    ) -> None:
        project.say(durable_objects=bound(X=name))
        host = durable_factory(app=project.app())

        with pytest.raises(ConfigurationError) as caught:
            await host.namespace("X").get_by_name("a").tell()

        lines = str(caught.value).splitlines()
        assert lines[0] == f"The main module entry exports no DurableObject {name!r}."
        assert lines[2] == "  exported  Counter, Imported, Renamed"
        assert why in lines or not why

    async def test_user_code_is_told_of_it_in_the_platforms_words(
        self, project: Project, durable_factory: HostFactory
    ) -> None:
        # PW-1.13
        project.say(durable_objects=bound("Absent"))
        project.write(
            "src/entry.py",
            """
            from workers import Response, WorkerEntrypoint

            class Default(WorkerEntrypoint):
                async def fetch(self, request):
                    try:
                        await self.env.ABSENT.getByName("a").tell()
                    except Exception as failure:
                        return Response(f"{type(failure).__name__} {failure}")
            """,
        )
        host = durable_factory(app=project.app())

        assert await text(host) == (
            "JsException TypeError: There is no 'Absent' class defined in the Python Worker's main module"
        )

    async def test_all_says_what_is_exported(self, project: Project, durable_factory: HostFactory) -> None:
        project.write("src/entry.py", "from workers import DurableObject\n" + self.MAIN + '__all__ = ["_Hidden"]\n')
        project.say(durable_objects=bound("Counter", HIDDEN="_Hidden"))
        host = durable_factory(app=project.app())

        with pytest.raises(ConfigurationError, match="Counter is there, but __all__ leaves it out"):
            await host.namespace("COUNTER").get_by_name("a").tell()
        with pytest.raises(PlatformError, match="Method tell does not exist"):
            await host.namespace("HIDDEN").get_by_name("a").tell()


class TestModules:
    """Where the modules of a Worker are looked up, and how long they live (PW-8)."""

    async def test_directory_of_the_main_module_is_on_the_path(
        self, project: Project, durable_factory: HostFactory
    ) -> None:
        # PW-8.8
        project.write("src/helpers.py", "VALUE = 'from helpers'\n")
        project.write("src/later.py", "VALUE = 'from later'\n")
        project.write(
            "src/entry.py",
            """
            import helpers
            from workers import Response, WorkerEntrypoint

            class Default(WorkerEntrypoint):
                async def fetch(self, request):
                    import later
                    return Response(f"{helpers.VALUE} {later.VALUE}")
            """,
        )
        project.say(durable_objects=None)
        host = durable_factory(app=project.app())

        assert await text(host) == "from helpers from later"

    async def test_import_with_the_prefix_src_gets_the_platforms_note(
        self, project: Project, durable_factory: HostFactory
    ) -> None:
        # PW-8.8
        project.write("src/entry.py", "from src import helpers\n")
        host = durable_factory(app=project.app())

        with pytest.raises(ModuleNotFoundError) as caught:
            await host.fetch("https://x/")

        assert caught.value.__notes__ == [
            "If your main module is inside the 'src' directory then your import statement shouldn't include a 'src.' "
            "prefix"
        ]

    async def test_two_hosts_share_no_module_state(self, project: Project, durable_factory: HostFactory) -> None:
        one, other = durable_factory(app=project.app()), durable_factory(app=project.app())

        assert [await text(one), await text(one), await text(other), await text(one)] == [
            "alice 1 1",
            "alice 2 2",
            "alice 1 1",
            "alice 3 3",
        ]

    async def test_worker_and_objects_share_module_state(self, tmp_path: Path, durable_factory: HostFactory) -> None:
        # PW-8.2
        main = """
SEEN = []

class Counter(DurableObject):
    def note(self): SEEN.append("object")

class Default(WorkerEntrypoint):
    async def fetch(self):
        SEEN.append("worker")
        await self.env.COUNTER.getByName("a").note()
        return Response(" ".join(SEEN))
"""
        host = worker(tmp_path, durable_factory, main, durable_objects=bound("Counter"))

        assert await text(host) == "worker object"


class TestWithTheWeb:
    """Requests to the outside, and bodies that stream, in events of a Worker."""

    async def test_request_to_the_outside_is_answered_by_the_test(
        self, tmp_path: Path, durable_factory: HostFactory
    ) -> None:
        main = """
from workers import fetch

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        answer = await fetch("https://api.example.com/price")
        return Response(await answer.text())
"""
        host = worker(tmp_path, durable_factory, main)
        host.network.respond("https://api.example.com/price", "7")

        assert await text(host) == "7"
        assert [sent.sender for sent in host.network.requests] == ["shop"]

    async def test_body_streams_from_an_object_through_the_worker(
        self, tmp_path: Path, durable_factory: HostFactory
    ) -> None:
        main = """
import asyncio
from js import ReadableStream, TextEncoder

class Counter(DurableObject):
    async def fetch(self, request):
        async def pull(controller):
            await asyncio.sleep(1)
            self.count = getattr(self, "count", 0) + 1
            controller.enqueue(TextEncoder.new().encode(str(self.count)))
            if self.count == 3:
                controller.close()

        from pyodide.ffi import create_proxy
        return Response(ReadableStream.new(pull=create_proxy(pull)))

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await self.env.COUNTER.getByName("a").fetch(request)
"""
        host = worker(tmp_path, durable_factory, main, durable_objects=bound("Counter"))

        answer = await host.fetch("https://x/")

        assert [piece async for piece in answer.chunks()] == [b"1", b"2", b"3"]
        assert host.clock.time_ms() >= 1_893_456_003_000

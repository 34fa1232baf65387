"""Objects below objects, asked of both hosts: spec durable-objects 1.7."""

import asyncio
from typing import Any

import pytest

from contract.objects.facets import Root
from pytest_durable import PlatformError

CLASSES = (Root,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

MAGIC = bytes.fromhex("57efb0c55bcecdc4")
NO_CLASS = [
    "TypeError",
    "Incorrect type for the 'class' field on 'StartupOptions': the provided value is not of type 'DurableObjectClass "
    "or LoopbackDurableObjectNamespace or LoopbackColoLocalActorNamespace'.",
    [],
]
TOO_LONG = ["TypeError", "Facet name is too long (max 256 characters).", []]
DELETED = ["Error", "Facet was deleted.", []]
CLONED_OVER = ["Error", "Facet was cloned-over.", []]


def ok(value: object) -> list[object]:
    return ["ok", value]


@pytest.fixture
def files(durable: Any, thing: Any) -> Any:
    """Give the names of the object's files, without its id; databases and the index only."""
    namespace = durable.namespace("ROOT")
    hex_digits = str(thing.id)

    def names() -> list[str]:
        found = (name.removeprefix(hex_digits) for name in namespace.files() if name.startswith(hex_digits))
        return sorted(name for name in found if name.endswith((".sqlite", ".facets")))

    return names


@pytest.fixture
def index(durable: Any, thing: Any) -> Any:
    """Read the index of the object's facets."""
    namespace = durable.namespace("ROOT")
    return lambda: (namespace.directory / f"{thing.id}.facets").read_bytes()


# Getting and starting


async def test_facet_is_an_object_with_a_database_of_its_own(durable: Any, thing: Any) -> None:
    # DO-1.7.1 DO-1.3.T1.4
    await thing.to("a", "storage", "put", "key", "below")
    await thing.storage("put", "key", "above")
    assert durable.stored(thing).kv == {"key": "above"}
    assert durable.stored(thing, facet="a").kv == {"key": "below"}


async def test_facet_stays_in_memory_between_calls(thing: Any) -> None:
    # DO-1.7.1
    assert [await thing.to("a", "bump"), await thing.to("a", "bump"), await thing.to("b", "bump")] == [
        ok(1),
        ok(2),
        ok(1),
    ]


async def test_startup_is_asked_only_if_the_facet_is_not_there(thing: Any) -> None:
    # DO-1.7.1
    await thing.to("a", "bump")
    await thing.to("a", "bump")
    assert await thing.started() == ["a"]


async def test_startup_may_wait_and_is_shared_by_those_who_wait(thing: Any) -> None:
    # DO-1.7.1
    assert await thing.two_calls_one_startup("a") == [[ok(1), ok(2)], ["a"]]


async def test_startup_is_asked_after_the_first_call_was_made(thing: Any) -> None:
    # DO-1.7.1 DO-1.4.T1.7
    assert await thing.order_of_startup("a") == ["got", "called", "startup"]


async def test_facet_is_asked_in_a_critical_section_of_its_parent(thing: Any) -> None:
    # DO-1.7.1
    assert await thing.call_within_a_section("a") == 1


async def test_facet_calls_its_root_back(thing: Any) -> None:
    # DO-1.7.1
    assert await thing.to("a", "call_root_back", str(thing.id)) == ok(1)


async def test_failed_startup_answers_every_call_until_the_facet_is_aborted(thing: Any) -> None:
    # DO-1.7.1; asked of the platform
    refusal = ["RangeError", "no startup", []]
    assert await thing.startup_that_fails("a") == [refusal, refusal, ok(1)]


async def test_failed_constructor_of_a_facet_is_tried_again_by_the_next_call(thing: Any) -> None:
    # DO-1.7.1 DO-9.2.2
    await thing.plan("a", {"class": "Failing"})
    for _ in range(2):
        assert await thing.to("a", "bump") == ["RangeError", "no way", ["durableObjectReset"]]
    assert await thing.started() == ["a", "a"]


async def test_class_of_an_object_may_be_that_of_a_facet(thing: Any) -> None:
    # DO-1.7.1
    await thing.plan("a", {"class": "Root"})
    assert await thing.to("a", "bump") == ok(1)


async def test_class_that_is_no_durable_object_takes_no_calls(thing: Any) -> None:
    # DO-1.7.1 DO-10.1.1
    await thing.plan("a", {"class": "Bare"})
    name, message, _ = await thing.to("a", "bump")
    assert (name, message.partition(",")[0]) == (
        "TypeError",
        "The receiving Durable Object does not support RPC",
    )


@pytest.mark.parametrize("options", [{}, {"class": "Node"}, {"class": None}, {"id": "x"}], ids=str)
async def test_startup_without_a_class_is_a_type_error(thing: Any, options: object) -> None:
    # DO-1.7.1; asked of the platform
    await thing.plan_anything("a", options)
    assert await thing.to("a", "bump") == NO_CLASS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (None, "Cannot initialize N7workerd3api19DurableObjectFacets14StartupOptionsE with required members from an "
         "undefined or null value."),
        (5, "Callback returned incorrect type; expected 'Promise'"),
    ],
    ids=["null", "number"],
)  # fmt: skip
async def test_startup_that_gives_no_object_is_a_type_error(thing: Any, options: object, message: str) -> None:
    # DO-1.7.1; asked of the platform
    await thing.plan_anything("a", options)
    assert await thing.to("a", "bump") == ["TypeError", message, []]


# The id


async def test_facet_sees_the_id_of_its_parent(thing: Any) -> None:
    # DO-1.7.1
    assert await thing.to("a", "whoami") == ok(["id", str(thing.id), "a"])
    assert await thing.to("b", "to", "c", "whoami") == ok(ok(["id", str(thing.id), "a"]))


@pytest.mark.parametrize("text", ["abc", ""])
async def test_facet_sees_a_text_as_its_id(thing: Any, text: str) -> None:
    # DO-1.7.1
    await thing.plan("b", {"id": text})
    assert await thing.to("b", "whoami") == ok(["text", text])
    assert await thing.to("b", "to", "c", "whoami") == ok(ok(["text", text]))


async def test_id_that_is_neither_is_turned_into_text(thing: Any) -> None:
    # DO-1.7.1; asked of the platform
    for name, given in (("b", 5), ("c", None), ("d", {})):
        await thing.plan(name, {"id": given})
    assert [await thing.to(name, "whoami") for name in "bcd"] == [
        ok(["text", "5"]),
        ok(["text", "null"]),
        ok(["text", "[object Object]"]),
    ]


async def test_facet_sees_an_id_that_it_was_given(fresh: Any, thing: Any) -> None:
    # DO-1.7.1
    await thing.plan_own_id("b", "zoe")
    assert await thing.to("b", "whoami") == ok(["id", str(fresh("zoe").id), "zoe"])


async def test_stub_of_a_facet_has_neither_id_nor_name(thing: Any) -> None:
    # DO-2.3.4
    assert await thing.look("a") == [True, True, True]


# Files


async def test_get_without_a_call_leaves_no_trace(thing: Any, files: Any) -> None:
    # DO-1.4.T1.7
    await thing.get_only("a")
    assert files() == [".sqlite"]


async def test_first_call_makes_an_index_and_a_database(thing: Any, files: Any, index: Any) -> None:
    # DO-1.4.T1.7 DO-1.3.T1.4 DO-1.3.T1.5 DO-1.7.3
    await thing.to("a", "bump")
    assert files() == [".1.sqlite", ".facets", ".sqlite"]
    assert index() == MAGIC + b"\0\0\x01\0a"


async def test_facets_are_numbered_over_the_whole_tree_in_the_order_of_first_use(
    durable: Any, thing: Any, files: Any, index: Any
) -> None:
    # DO-1.7.2 DO-1.8.T1.6
    assert [await thing.to("foo", "count") for _ in range(3)] == [ok(1), ok(2), ok(3)]
    for name, count in (("foo", 1), ("bar", 1), ("foo", 2)):
        assert await thing.to("bar", "to", name, "count") == ok(ok(count))
    assert files() == [".1.sqlite", ".2.sqlite", ".3.sqlite", ".4.sqlite", ".facets", ".sqlite"]
    assert index() == MAGIC + b"\0\0\3\0foo" + b"\0\0\3\0bar" + b"\2\0\3\0foo" + b"\2\0\3\0bar"
    beginnings = (str(thing.id), "metadata.sqlite")
    assert all(name.startswith(beginnings) for name in durable.namespace("ROOT").files())


async def test_facets_are_found_again_by_the_next_life_in_another_order(durable: Any, thing: Any, files: Any) -> None:
    # DO-1.7.2 DO-1.8.T1.7
    await thing.to("foo", "count")
    await thing.to("bar", "to", "foo", "count")
    await thing.to("bar", "to", "bar", "count")
    await durable.restart()
    assert await thing.to("bar", "to", "bar", "count") == ok(ok(2))
    assert await thing.to("foo", "count") == ok(2)
    assert (await thing.verb("delete", "bar"))[0] == "ok"
    assert files() == [".1.sqlite", ".facets", ".sqlite"]


async def test_facets_survive_a_crash(durable: Any, thing: Any) -> None:
    # DO-1.7.2 DO-1.5.T1.2
    await thing.to("a", "to", "b", "count")
    await durable.crash()
    await durable.start()
    assert await thing.to("a", "to", "b", "count") == ok(ok(2))


async def test_facet_is_neither_an_object_nor_forgotten_among_the_files(durable: Any, thing: Any) -> None:
    # DO-1.6
    await thing.to("a", "bump")
    namespace = durable.namespace("ROOT")
    assert namespace.list_ids() == [str(thing.id)]
    durable.assert_object_count(namespace, 1)
    durable.assert_file_count(namespace, 2)
    assert namespace.object_files() == [f"{thing.id}.1.sqlite", f"{thing.id}.sqlite"]


async def test_invalid_end_of_the_index_is_cut_off(durable: Any, thing: Any, index: Any) -> None:
    # DO-1.7.4
    await thing.to("a", "count")
    await durable.stop()
    path = durable.namespace("ROOT").directory / f"{thing.id}.facets"
    path.write_bytes(MAGIC + b"\0\0\1\0a" + b"\7\0\1\0x" + b"\0\0\1\0y")
    await durable.start()
    assert await thing.to("y", "count") == ok(1)
    assert await thing.to("a", "count") == ok(2)
    assert index() == MAGIC + b"\0\0\1\0a" + b"\0\0\1\0y"


@pytest.mark.parametrize("size", [0, 4, 8])
async def test_index_that_was_never_begun_is_begun_anew(durable: Any, thing: Any, index: Any, size: int) -> None:
    # DO-1.7.4
    await thing.bump()
    await durable.stop()
    (durable.namespace("ROOT").directory / f"{thing.id}.facets").write_bytes(b"whatever"[:size])
    await durable.start()
    assert await thing.to("a", "count") == ok(1)
    assert index() == MAGIC + b"\0\0\1\0a"


# Life


async def test_facet_is_evicted_when_it_is_idle_and_not_asked_for_again(durable: Any, thing: Any) -> None:
    # DO-9.3; asked of the platform
    await thing.to("a", "bump")
    await thing.to("a", "bump")
    await durable.clock.advance(seconds=9)
    assert await thing.bump() == 1
    await durable.clock.advance(seconds=2)
    assert await thing.to("a", "bump") == ok(1)
    assert await thing.started() == ["a"]


async def test_evicted_root_leaves_its_facets_running(durable: Any, thing: Any) -> None:
    # asked of the platform
    await thing.to("a", "bump")
    await thing.to("a", "in_background", 15)
    await durable.clock.advance(seconds=11)
    assert await thing.bump() == 1
    assert await thing.to("a", "bump") == ok(2)
    assert await thing.started() == []
    await durable.clock.advance(seconds=5)


async def test_evict_leaves_facets_running(durable: Any, thing: Any) -> None:
    # DO-9.6.T1.3; asked of the platform
    await thing.to("a", "bump")
    await durable.evict(thing)
    assert await thing.bump() == 1
    assert await thing.to("a", "bump") == ok(2)


async def test_call_of_a_facet_keeps_its_root_alive(durable: Any, thing: Any) -> None:
    # DO-9.3
    await thing.bump()
    call = thing.send_to("a", 15)
    await durable.clock.advance(seconds=16)
    await call
    assert await thing.bump() == 2
    assert await thing.what_was_heard() == [ok(15)]


async def test_container_of_an_unused_root_goes_with_its_facets(durable: Any, fresh: Any) -> None:
    # DO-9.3; asked of the platform
    await fresh().to("a", "bump")
    await durable.clock.advance(seconds=200)
    assert await fresh().to("a", "bump") == ok(1)
    assert await fresh().started() == ["a"]


async def test_abort_of_the_root_ends_its_facets(fresh: Any, thing: Any) -> None:
    # DO-9.4; asked of the platform
    await thing.to("a", "bump")
    await thing.to("a", "to", "b", "bump")
    with pytest.raises(PlatformError, match="root's own"):
        await thing.abort_root()
    assert await fresh().to("a", "to", "b", "bump") == ok(ok(1))
    assert await fresh().to("a", "bump") == ok(1)
    assert await fresh().started() == ["a"]


async def test_caller_that_waits_for_a_facet_hears_of_the_abort_of_the_root(durable: Any, thing: Any) -> None:
    # DO-9.4; asked of the platform
    call = asyncio.ensure_future(thing.to("a", "wait", 5))
    await durable.clock.advance(seconds=1)
    with pytest.raises(PlatformError, match="root's own"):
        await thing.abort_root()
    with pytest.raises(PlatformError, match="root's own"):
        await call


async def test_facet_that_aborts_itself_leaves_its_root_alone(durable: Any, thing: Any) -> None:
    # DO-9.4.2
    assert await thing.hold("a") == 1
    broken = ["Error", "own reason", ["durableObjectReset"]]
    assert await thing.ask_held("abort_itself", "own reason") == broken
    assert await thing.ask_held("bump") == broken
    assert await thing.to("a", "bump") == ok(1)
    assert await thing.started() == ["a", "a"]
    assert await thing.bump() == 1
    assert durable.stored(thing, facet="a").kv == {}


async def test_exception_of_a_facet_reaches_its_parent_as_from_any_object(thing: Any) -> None:
    # DO-10.4
    assert await thing.to("a", "fail") == ["TypeError", "from below", ["remote"]]


async def test_facet_answers_requests(thing: Any) -> None:
    # DO-1.7.1
    assert await thing.request("a") == "asked for http://facet/path"


# All objects together


async def test_evict_all_evicts_facets(durable: Any, thing: Any) -> None:
    # DO-9.6.T1.4; unsafe-module: evicts_facets
    for _ in range(2):
        await thing.bump()
        await thing.count()
        await thing.to("a", "bump")
        await thing.to("a", "to", "b", "count")
    await durable.evict_all()
    assert [await thing.bump(), await thing.count()] == [1, 3]
    assert await thing.to("a", "bump") == ok(1)
    assert await thing.to("a", "to", "b", "count") == ok(ok(3))
    assert await thing.started() == []


async def test_abort_all_ends_facets(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.1
    await fresh().to("a", "bump")
    call = asyncio.ensure_future(fresh().to("a", "put_wait_put"))
    await durable.settle()
    await durable.abort_all()
    with pytest.raises(PlatformError, match="abortAllDurableObjects"):
        await call
    await durable.clock.advance(seconds=5)
    assert durable.stored(fresh(), facet="a").kv == {"before": 1}
    assert await fresh().to("a", "bump") == ok(1)


# Abort


async def test_abort_gives_its_reason_to_callers_and_keeps_what_is_stored(durable: Any, thing: Any) -> None:
    # DO-1.7.6
    found = await thing.interrupt("a", "abort", "a", "enough")
    assert found == [["Error", "enough", []], ["Error", "enough", []]]
    assert durable.stored(thing, facet="a").kv == {"before": 1}


async def test_reason_of_an_abort_is_thrown_as_it_is(thing: Any) -> None:
    # DO-1.7.6
    assert await thing.abort_with_error("a") == ["RangeError", "my reason", []]


@pytest.mark.parametrize(("reason", "message"), [("text", "text"), (None, "null"), (5, "5")], ids=str)
async def test_reason_that_is_no_error_is_thrown_as_its_text(thing: Any, reason: object, message: str) -> None:
    # DO-1.7.6; asked of the platform
    assert await thing.abort_and_ask("a", reason) == ["Error", message, []]


async def test_facet_may_be_of_another_class_after_an_abort(thing: Any) -> None:
    # DO-1.7.6
    await thing.to("a", "storage", "put", "key", 1)
    await thing.verb("abort", "a", "enough")
    await thing.plan("a", {"class": "Other"})
    assert await thing.to("a", "get", "key") == ok(1)


async def test_abort_of_a_facet_that_is_starting_answers_when_it_has_started(thing: Any) -> None:
    # server-test: facet abort during pending startup
    assert await thing.abort_while_starting("a") == [False, ["Error", "aborted during startup", []]]


async def test_abort_of_an_unknown_facet_does_nothing(thing: Any, files: Any) -> None:
    # DO-1.7.6
    assert (await thing.verb("abort", "never", "enough"))[0] == "ok"
    assert files() == [".sqlite"]


# Delete


async def test_delete_ends_a_facet_and_all_below_and_removes_their_files(thing: Any, files: Any, index: Any) -> None:
    # DO-1.7.5
    await thing.to("a", "to", "b", "to", "c", "count")
    await thing.to("z", "count")
    before = index()
    assert await thing.interrupt("a", "delete", "a") == [DELETED, DELETED]
    assert files() == [".4.sqlite", ".facets", ".sqlite"]
    assert index() == before
    assert await thing.to("a", "to", "b", "to", "c", "count") == ok(ok(ok(1)))
    assert index() == before


async def test_delete_of_an_unknown_facet_gives_it_a_number_if_there_is_an_index(thing: Any, index: Any) -> None:
    # DO-1.7.5
    assert (await thing.verb("delete", "a"))[0] == "ok"
    await thing.to("b", "count")
    assert (await thing.verb("delete", "a"))[0] == "ok"
    await thing.to("c", "count")
    assert index() == MAGIC + b"\0\0\1\0b" + b"\0\0\1\0a" + b"\0\0\1\0c"


async def test_delete_works_further_down(thing: Any, files: Any) -> None:
    # DO-1.7.5; asked of the platform
    await thing.to("a", "to", "b", "count")
    assert (await thing.to("a", "verb", "delete", "b"))[0] == "ok"
    assert files() == [".1.sqlite", ".facets", ".sqlite"]
    assert await thing.to("a", "to", "b", "count") == ok(ok(1))


async def test_delete_all_deletes_all_facets_and_no_number(thing: Any, files: Any, index: Any) -> None:
    # DO-1.7.8 DO-4.4.2
    await thing.to("a", "count")
    await thing.to("b", "to", "c", "count")
    before = index()
    assert await thing.empty_itself("a") == [DELETED, DELETED]
    assert (files(), index()) == ([".facets", ".sqlite"], before)
    assert await thing.to("b", "to", "c", "count") == ok(ok(1))


async def test_delete_all_of_a_facet_deletes_what_is_below_it(thing: Any, files: Any) -> None:
    # DO-1.7.8; asked of the platform
    await thing.to("a", "count")
    await thing.to("a", "to", "b", "count")
    await thing.to("z", "count")
    await thing.to("a", "storage", "deleteAll")
    assert files() == [".1.sqlite", ".3.sqlite", ".facets", ".sqlite"]
    assert await thing.to("a", "count") == ok(1)
    assert await thing.to("z", "count") == ok(2)


async def test_delete_all_of_a_root_that_has_not_called_its_facets(durable: Any, thing: Any, files: Any) -> None:
    # DO-1.7.8
    await thing.to("a", "count")
    await durable.restart()
    await thing.storage("deleteAll")
    assert files() == [".facets", ".sqlite"]


# Clone


async def test_clone_copies_a_facet_and_all_below_it(thing: Any, files: Any, index: Any) -> None:
    # DO-1.7.7; server-test: facet cloning
    await thing.to("src", "count")
    await thing.to("src", "to", "b", "count")
    await thing.to("src", "to", "a", "count")
    assert (await thing.verb("clone", "src", "dst"))[0] == "ok"
    assert files() == [*(f".{number}.sqlite" for number in range(1, 7)), ".facets", ".sqlite"]
    assert index()[-15:] == b"\3\0dst" + b"\4\0\1\0a" + b"\4\0\1\0b"
    assert await thing.to("dst", "count") == ok(2)
    assert await thing.to("dst", "to", "a", "count") == ok(ok(2))
    assert await thing.to("src", "count") == ok(2)


async def test_numbers_of_a_clone_follow_the_names_depth_first(thing: Any, index: Any) -> None:
    # DO-1.7.7; asked of the platform
    await thing.to("s", "to", "b", "to", "x", "count")
    await thing.to("s", "to", "a", "count")
    before = index()
    await thing.verb("clone", "s", "d")
    assert index() == before + b"\0\0\1\0d" + b"\5\0\1\0a" + b"\5\0\1\0b" + b"\7\0\1\0x"


async def test_clone_replaces_what_was_there_and_aborts_it(thing: Any, files: Any) -> None:
    # DO-1.7.7; server-test: facet cloning
    await thing.to("src", "count")
    await thing.to("dst", "to", "old", "count")
    assert await thing.interrupt("dst", "clone", "src", "dst") == [CLONED_OVER, CLONED_OVER]
    assert files() == [".1.sqlite", ".2.sqlite", ".facets", ".sqlite"]
    assert await thing.to("dst", "count") == ok(2)
    assert await thing.to("dst", "to", "old", "count") == ok(ok(1))


async def test_clone_leaves_its_source_running(thing: Any) -> None:
    # DO-1.7.7
    await thing.to("src", "bump")
    await thing.verb("clone", "src", "dst")
    assert await thing.to("src", "bump") == ok(2)
    assert await thing.to("dst", "bump") == ok(1)


async def test_clone_of_what_never_was_leaves_nothing(thing: Any, files: Any, index: Any) -> None:
    # DO-1.7.7; server-test: facet cloning
    await thing.to("dst", "count")
    assert (await thing.verb("clone", "never", "dst"))[0] == "ok"
    assert files() == [".facets", ".sqlite"]
    assert index() == MAGIC + b"\0\0\3\0dst" + b"\0\0\5\0never"
    assert await thing.to("dst", "count") == ok(1)


async def test_clone_without_an_index_does_nothing(thing: Any, files: Any) -> None:
    # DO-1.7.7
    assert (await thing.verb("clone", "a", "b"))[0] == "ok"
    assert files() == [".sqlite"]


async def test_clone_to_itself_only_aborts(thing: Any) -> None:
    # DO-1.7.7; server-test: facet cloning
    await thing.to("a", "count")
    assert await thing.hold("a") == 1
    assert (await thing.verb("clone", "a", "a"))[0] == "ok"
    assert await thing.ask_held("bump") == CLONED_OVER
    assert await thing.to("a", "count") == ok(2)
    assert await thing.to("a", "bump") == ok(1)


async def test_clone_of_a_facet_that_was_killed_has_its_log(durable: Any, thing: Any) -> None:
    # DO-1.7.7
    await thing.to("src", "count")
    await durable.crash()
    await durable.start()
    await thing.verb("clone", "src", "dst")
    assert await thing.to("dst", "count") == ok(2)


# Limits


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("abort", ["x" * 257, "no"]), ("delete", ["x" * 257]), ("clone", ["x" * 257, "ok"]), ("clone", ["ok", "x" * 257])],
    ids=["abort", "delete", "source", "target"],
)
async def test_name_of_more_than_256_bytes_is_refused(thing: Any, verb: str, arguments: list[object]) -> None:
    # DO-1.7.9; server-test: facet limits
    assert await thing.verb(verb, *arguments) == TOO_LONG


async def test_facet_with_a_name_of_more_than_256_bytes_is_refused(thing: Any) -> None:
    # DO-1.7.9; that bytes count, and not characters: asked of the platform
    assert await thing.to("x" * 257, "bump") == TOO_LONG
    assert await thing.to("ü" * 129, "bump") == TOO_LONG
    assert await thing.to("x" * 256, "bump") == ok(1)
    assert await thing.to("ü" * 128, "bump") == ok(1)


async def test_tree_has_four_levels(thing: Any) -> None:
    # DO-1.7.9; server-test: facet limits
    assert await thing.to("a", "to", "b", "to", "c", "bump") == ok(ok(ok(1)))
    refusal = [
        "Error",
        "Facet nesting depth limit exceeded. The maximum depth including the root Durable Object is 4.",
        [],
    ]
    assert await thing.to("a", "to", "b", "to", "c", "to", "d", "bump") == ok(ok(ok(refusal)))
    deepest = await thing.to("a", "to", "b", "to", "c", "verb", "delete", "d")
    assert deepest[1][1][1][0] == "ok"


async def test_facet_without_a_name_is_an_internal_error_at_each_call(thing: Any) -> None:
    # DO-1.7.9
    await thing.get_only("")
    for _ in range(2):
        kind, message, _ = await thing.to("", "bump")
        assert (kind, message.partition(";")[0]) == ("Error", "internal error")


async def test_name_may_hold_anything_else(thing: Any, index: Any) -> None:
    # DO-1.7.3; asked of the platform
    for name in ("a\0b", "a/b", ".."):
        assert await thing.to(name, "count") == ok(1)
    assert index() == MAGIC + b"\0\0\3\0a\0b" + b"\0\0\3\0a/b" + b"\0\0\2\0.."


# Alarms


async def test_facet_that_sets_an_alarm_is_broken_by_its_commit(durable: Any, thing: Any) -> None:
    # DO-1.7.10 DO-7.1.T2.6; server-test: facets cannot set alarms
    assert await thing.hold("a") == 1
    refusal = ["Error", "Facets currently cannot set alarms.", []]
    assert await thing.ask_held("arm") == refusal
    assert await thing.ask_held("bump") == refusal
    assert await thing.to("a", "bump") == ok(1)
    assert durable.stored(thing, facet="a").kv == {}
    assert durable.stored(thing, facet="a").alarm is None
    assert durable.alarms() == []


async def test_root_of_facets_may_set_an_alarm(durable: Any, thing: Any) -> None:
    # server-test: facets cannot set alarms
    await thing.to("a", "bump")
    assert await thing.arm() == 4_102_444_800_000
    assert len(durable.alarms()) == 1


@pytest.mark.parametrize("method", ["getAlarm", "deleteAlarm"])
async def test_facet_may_read_and_delete_the_alarm_that_it_has_not(thing: Any, method: str) -> None:
    # DO-1.7.10; asked of the platform
    assert (await thing.to("a", "storage", method))[0] == "ok"
    assert (await thing.to("a", "count")) == ok(1)


# Stubs


@pytest.mark.parametrize("how", ["argument", "storage", "kv"])
async def test_stub_of_a_facet_is_neither_sent_nor_stored(thing: Any, how: str) -> None:
    # DO-10.2.5
    refusal = ["DataCloneError", "Stubs pointing to Durable Object facets are not serializable.", []]
    assert await thing.send_a_facet(how) == refusal


async def test_stub_of_a_facet_is_not_returned(thing: Any) -> None:
    # DO-10.2.5
    with pytest.raises(PlatformError, match="Stubs pointing to Durable Object facets are not serializable"):
        await thing.send_a_facet("result")

"""Bookmarks, and what else needs the flag ``experimental``, asked of both hosts: spec durable-objects 3.5, 4.2, 5.6."""

from typing import Any

import pytest

from contract.objects.critical import Fragile
from pytest_durable import PlatformError
from pytest_durable.values import UNDEFINED

CLASSES = (Fragile,)
FLAGS = ("experimental",)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")


def bookmark(number: int) -> str:
    return f"00000000-{number:08x}-00000000-{'0' * 32}"


async def test_bookmarks_strictly_increase(thing: Any) -> None:
    # DO-3.5 DO-3.4.T1.2
    found = await thing.bookmarks(20)
    assert found == [bookmark(number) for number in range(20)]
    assert sorted(set(found)) == found
    assert await thing.bookmarks_at_once(3) == [bookmark(20), bookmark(21), bookmark(22)]


async def test_bookmark_is_counted_in_the_metadata_of_the_object(durable: Any, thing: Any) -> None:
    # DO-3.2.T1.2 DO-3.4.T1.2
    await thing.bookmarks(3)
    await durable.stop()
    stored = durable.stored(thing)
    assert stored.tables == ["_cf_METADATA"]
    assert [tuple(row.values()) for row in stored.sql("SELECT * FROM _cf_METADATA")] == [(2, 2)]


async def test_bookmark_goes_on_after_the_end_of_the_process(durable: Any, thing: Any) -> None:
    # DO-3.5
    await thing.bookmarks(2)
    await durable.restart(crash=True)
    assert await thing.bookmarks(1) == [bookmark(2)]


async def test_bookmark_is_undone_with_its_turn_or_transaction(thing: Any, fresh: Any) -> None:
    # DO-3.5 DO-6.1.5
    await thing.bookmarks(1)
    await thing.bookmark_and_roll_back()
    with pytest.raises(PlatformError, match="over"):
        await thing.bookmark_and_abort()
    assert await fresh().bookmarks(1) == [bookmark(1)]


async def test_bookmark_begins_anew_after_delete_all(thing: Any) -> None:
    # DO-3.5 DO-4.4.2
    await thing.bookmarks(3)
    await thing.delete_all()
    assert await thing.bookmarks(2) == [bookmark(0), bookmark(1)]


@pytest.mark.parametrize(
    ("method", "arguments", "is_committed"),
    [
        ("getCurrentBookmark", [], True),
        ("waitForBookmark", ["b"], True),
        ("sync", [], True),
        ("getBookmarkForTime", [1], False),
        ("onNextSessionRestoreBookmark", ["b"], False),
        ("onNextSessionRestore", ["b"], False),
        ("snapshot", [], False),
    ],
)
async def test_awaiting_a_bookmark_ends_the_turn(
    durable: Any, thing: Any, method: str, arguments: list[object], is_committed: bool
) -> None:
    # DO-4.2.T1.11 DO-6.1.2
    with pytest.raises(PlatformError, match="over"):
        await thing.put_and_call(method, *arguments)
    assert dict(durable.stored(thing).kv) == ({"before": 1} if is_committed else {})


def not_of_type(method: str, expected: str) -> str:
    return f"Failed to execute '{method}' on 'DurableObjectStorage': parameter 1 is not of type '{expected}'."


NO_RECOVERY = "This Durable Object's storage back-end does not implement point-in-time recovery."
REFUSED = [
    ("waitForBookmark", [], not_of_type("waitForBookmark", "string")),
    ("getBookmarkForTime", [], not_of_type("getBookmarkForTime", "date")),
    ("getBookmarkForTime", [-1000], NO_RECOVERY),
    ("onNextSessionRestoreBookmark", [], not_of_type("onNextSessionRestoreBookmark", "string")),
    ("onNextSessionRestoreBookmark", [5], NO_RECOVERY),
    ("onNextSessionRestore", [], not_of_type("onNextSessionRestore", "DurableObjectSnapshot or string")),
    ("onNextSessionRestore", [5], not_of_type("onNextSessionRestore", "DurableObjectSnapshot or string")),
    ("onNextSessionRestore", ["b"], NO_RECOVERY),
    ("snapshot", ["x"], not_of_type("snapshot", "SnapshotOptions")),
    ("snapshot", [None], "This Durable Object's storage back-end does not implement snapshots."),
    ("snapshot", [{}], "This Durable Object's storage back-end does not implement snapshots."),
]


async def test_what_needs_recovery_to_a_point_in_time_is_refused(thing: Any) -> None:
    # DO-4.2.T1.10 DO-4.2.T1.11
    for method, arguments, message in REFUSED:
        with pytest.raises(PlatformError) as failure:
            await thing.storage(method, *arguments)
        assert failure.value.message == message, (method, arguments)


async def test_wait_for_bookmark_is_done_whatever_the_bookmark(thing: Any) -> None:
    # DO-4.2.T1.11
    for given in (bookmark(99), "nonsense", 5, UNDEFINED):
        assert await thing.storage("waitForBookmark", given) is UNDEFINED


async def test_flag_shows_what_is_experimental(thing: Any) -> None:
    # DO-4.1.1 DO-5.6.3
    assert await thing.members() == [True] * 8

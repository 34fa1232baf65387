"""Failures that a test asks for behave like real ones."""

import pytest

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import ListOptions, NoTransaction
from support.storage import ALICE, BOB, put

TROUBLE = {
    "full": r"^database or disk is full: SQLITE_FULL$",
    "io": r"^disk I/O error: SQLITE_IOERR$",
    "busy": r"^internal error; reference = ",
}


@pytest.mark.parametrize(("trouble", "text"), TROUBLE.items())
def test_failed_commit_undoes_the_transaction_once(namespace, store, trouble, text):
    # Decision 6.5
    store.set_alarm_ns(5)
    put(store, a=1)
    namespace.fail_next("commit", trouble, actor_hex=ALICE)
    store.put_many([("a", 2)])
    store.set_alarm_ns(6)
    with pytest.raises(PlatformError, match=text) as failure:
        store.commit()
    # Asked of the real platform, whose disk was full at a commit. DO-6.6
    assert (failure.value.durable_object_reset, store.state) == (trouble != "busy", NoTransaction())
    assert (store.get("a"), store.get_alarm_ns(), store.committed_alarm_ns) == (1, 5, 5)
    put(store, a=3)
    assert store.get("a") == 3


def test_failed_commit_of_an_explicit_transaction_undoes_it(namespace, store):
    put(store, a=1)
    depth = store.begin_transaction()
    store.put_many([("a", 2)])
    namespace.fail_next("commit", "io")
    with pytest.raises(PlatformError, match=r"^internal error; reference = ") as failure:
        store.commit_transaction(depth)
    assert failure.value.durable_object_reset
    assert (store.get("a"), store.state) == (1, NoTransaction())


READS = {
    "get": lambda store: store.get("a"),
    "get_many": lambda store: store.get_many(["a"]),
    "list": lambda store: store.list(ListOptions()),
    "sync_list": lambda store: store.sync_list(ListOptions()),
    "get_alarm_ns": lambda store: store.get_alarm_ns(),
    "sql_exec": lambda store: store.sql_exec("SELECT 1"),
}


@pytest.mark.parametrize("name", READS)
def test_failed_read_outside_a_transaction_fails_alone(namespace, store, name):
    # Decision 6.5
    put(store, a=1)
    namespace.fail_next("read", "io")
    text = r"^disk I/O error: SQLITE_IOERR$" if name == "sql_exec" else r"^internal error; reference = "
    with pytest.raises(PlatformError, match=text):
        READS[name](store)
    assert store.get("a") == 1


def test_failed_read_inside_a_transaction_breaks_the_object(namespace, store):
    # SQLite rolls back by itself. DO-6.6
    put(store, a=1)
    store.put_many([("a", 2)])
    namespace.fail_next("read", "io")
    with pytest.raises(PlatformError) as first:
        store.get("a")
    with pytest.raises(PlatformError) as later:
        store.commit()
    assert (first.value.durable_object_reset, later.value.durable_object_reset) == (False, True)
    store.close(graceful=True)
    assert namespace.open_store(ALICE).get("a") == 1


def test_busy_read_inside_a_transaction_breaks_nothing(namespace, store):
    store.put_many([("a", 2)])
    namespace.fail_next("read", "busy")
    with pytest.raises(PlatformError, match=r"^internal error; reference = "):
        store.get("a")
    assert (store.commit(), store.get("a")) == ({"a"}, 2)


@pytest.mark.parametrize("change", ["set", "delete"])
def test_failed_alarm_row_leaves_the_old_one(namespace, change):
    # Decision 6.5
    namespace.alarms.set(ALICE, 5, None)
    namespace.fail_next("alarm_row", "full")
    with pytest.raises(PlatformError, match="internal error; reference = ") as failure:
        namespace.alarms.set(ALICE, 6, None) if change == "set" else namespace.alarms.delete(ALICE)
    assert "database or disk is full" in str(failure.value.__cause__)
    assert namespace.alarms.load() == [(ALICE, 5, None)]


def test_failure_waits_for_its_object_and_step(namespace, store):
    namespace.fail_next("commit", "io", actor_hex=BOB)
    namespace.fail_next("alarm_row", "io", actor_hex=ALICE)
    put(store, a=1)
    other = namespace.open_store(BOB)
    other.put_many([("b", 1)])
    with pytest.raises(PlatformError):
        other.commit()


@pytest.mark.parametrize(("step", "trouble"), [("write", "io"), ("commit", "fire")])
def test_unknown_failure_is_refused_with_the_known_ones(namespace, step, trouble):
    with pytest.raises(ConfigurationError, match=r"Known: (commit, read, alarm_row|full, io, busy)\."):
        namespace.fail_next(step, trouble)

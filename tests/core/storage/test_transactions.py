"""Which transaction is open, what the owner is told, what a rollback undoes."""

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import Explicit, Implicit, ListOptions, NoTransaction
from pytest_durable.values import UNDEFINED
from support.storage import ALICE, HookLog, put


def test_first_write_opens_the_implicit_transaction(store):
    # DO-6.1.1
    before = store.state
    store.put_many([("a", 1)])
    assert (before, store.state) == (NoTransaction(), Implicit())


def test_reads_open_no_transaction(store):
    store.get("a")
    store.sql_exec("SELECT 1").to_list()
    assert store.state == NoTransaction()


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.put_many([("a", 1)]),
        lambda store: store.delete_many(["a"]),
        lambda store: store.set_alarm_ns(5),
        lambda store: store.sql_exec("CREATE TABLE t(a)"),
        lambda store: store.sync_savepoint(),
        lambda store: store.next_bookmark(),
    ],
    ids=["put", "delete", "alarm", "sql", "transactionSync", "bookmark"],
)
def test_every_kind_of_write_opens_it_and_tells_the_owner(store, write):
    # DO-6.1.1
    store.hooks = log = HookLog()
    write(store)
    assert (store.state, log.calls) == (Implicit(), ["began"])


def test_owner_is_told_of_one_transaction_for_all_writes_of_a_turn(store):
    store.hooks = log = HookLog()
    store.put_many([("a", 1)])
    store.delete_many(["b"])
    store.set_alarm_ns(5)
    assert log.calls == ["began"]


def test_owner_is_told_before_the_write_happens(store):
    class Looks(HookLog):
        def transaction_began(self) -> None:
            self.calls.append(str(store.get("a")))

    store.hooks = log = Looks()
    store.put_many([("a", 1)])
    assert log.calls == ["UNDEFINED"]


def test_writes_through_all_apis_commit_together(namespace, store):
    # DO-6.1.1
    store.put_many([("a", 1)])
    store.sql_exec("CREATE TABLE t(a)")
    store.set_alarm_ns(7)
    unseen = namespace.inspect(ALICE).tables
    store.commit()
    view = namespace.inspect(ALICE)
    assert (unseen, view.tables, view.alarm_ns) == ([], ["_cf_KV", "_cf_METADATA", "t"], 7)


def test_commit_names_the_keys_written_and_deleted(store):
    store.put_many([("a", 1), ("b", 2)])
    store.delete_many(["c"])
    store.sql_exec("CREATE TABLE t(a)")
    assert (store.commit(), store.state) == ({"a", "b", "c"}, NoTransaction())


def test_keys_of_one_commit_are_not_named_by_the_next(store):
    put(store, a=1)
    store.put_many([("b", 1)])
    assert store.commit() == {"b"}


def test_rollback_undoes_all_writes_and_the_alarm(store):
    # DO-6.1.5
    store.set_alarm_ns(3)
    put(store, a=1)
    store.put_many([("a", 2)])
    store.set_alarm_ns(9)
    store.sql_exec("CREATE TABLE t(a)")
    store.rollback()
    tables = [name for (name,) in store.sql_exec("SELECT name FROM sqlite_master WHERE name = 't'")]
    assert (store.get("a"), store.get_alarm_ns(), tables, store.state) == (1, 3, [], NoTransaction())


def test_explicit_transactions_are_numbered_from_zero(store):
    # DO-6.2.2
    depths = [store.begin_transaction(), store.begin_transaction()]
    assert (depths, store.state) == ([0, 1], Explicit(1))


def test_outermost_explicit_transaction_is_told_to_the_owner(store):
    store.hooks = log = HookLog()
    store.begin_transaction()
    store.begin_transaction()
    store.put_many([("a", 1)])
    assert log.calls == ["began"]


def test_explicit_transaction_is_refused_while_the_implicit_one_is_open(store):
    # The owner commits it first. DO-6.2.1
    store.put_many([("a", 1)])
    with pytest.raises(AssertionError, match="committed first"):
        store.begin_transaction()


def test_inner_commit_makes_nothing_durable(namespace, store):
    # DO-6.2.2
    outer, inner = store.begin_transaction(), store.begin_transaction()
    store.put_many([("a", 1)])
    named = store.commit_transaction(inner)
    unseen = dict(namespace.inspect(ALICE).kv)
    assert (named, unseen, store.commit_transaction(outer)) == (frozenset(), {}, {"a"})
    assert dict(namespace.inspect(ALICE).kv) == {"a": 1}


def test_inner_rollback_keeps_what_the_outer_wrote(store):
    # DO-6.2.3, DO-6.2.8
    outer = store.begin_transaction()
    store.put_many([("a", 1)])
    store.set_alarm_ns(5)
    inner = store.begin_transaction()
    store.put_many([("a", 2), ("b", 2)])
    store.set_alarm_ns(6)
    store.rollback_transaction(inner)
    assert (store.get("a"), store.get("b"), store.get_alarm_ns()) == (1, UNDEFINED, 5)
    assert store.commit_transaction(outer) == {"a"}


def test_rollback_of_the_outermost_ends_the_transaction(store):
    # DO-6.2.4
    depth = store.begin_transaction()
    store.put_many([("a", 1)])
    store.rollback_transaction(depth)
    store.put_many([("b", 1)])
    assert (store.get("a"), store.state) == (UNDEFINED, Implicit())


def test_outer_transaction_cannot_end_before_the_inner(store):
    outer = store.begin_transaction()
    store.begin_transaction()
    with pytest.raises(AssertionError, match="not the innermost"):
        store.rollback_transaction(outer)


def test_sync_savepoint_keeps_or_undoes_its_writes(store):
    # DO-6.3.1
    store.put_many([("a", 1)])
    store.sync_savepoint()
    store.put_many([("b", 1)])
    store.release_sync_savepoint()
    store.sync_savepoint()
    store.put_many([("c", 1)])
    store.set_alarm_ns(4)
    store.rollback_sync_savepoint()
    assert ([key for key, _ in store.list(ListOptions())], store.get_alarm_ns()) == (["a", "b"], None)
    assert store.commit() == {"a", "b"}


def test_sync_savepoints_nest_under_one_name(store):
    # DO-6.3.1
    store.sync_savepoint()
    store.put_many([("a", 1)])
    store.sync_savepoint()
    store.put_many([("b", 1)])
    store.rollback_sync_savepoint()
    store.put_many([("c", 1)])
    store.release_sync_savepoint()
    assert store.commit() == {"a", "c"}


def test_sync_savepoint_opens_inside_an_explicit_transaction(store):
    # DO-6.3.1
    depth = store.begin_transaction()
    store.sync_savepoint()
    store.put_many([("a", 1)])
    store.release_sync_savepoint()
    assert (store.state, store.commit_transaction(depth)) == (Explicit(0), {"a"})


def test_rolled_back_sync_savepoint_uncreates_the_table(namespace, store):
    # DO-3.2.P
    store.sync_savepoint()
    store.put_many([("a", 1)])
    store.rollback_sync_savepoint()
    put(store, b=1)
    assert dict(namespace.inspect(ALICE).kv) == {"b": 1}


def violate(store):
    store.sql_exec("CREATE TABLE p(id INTEGER PRIMARY KEY)")
    store.sql_exec("CREATE TABLE c(p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)")
    store.commit()


def test_violated_deferred_constraint_fails_the_commit_and_undoes_it(store):
    # DO-6.4.3
    violate(store)
    store.sql_exec("INSERT INTO c VALUES (5)")
    with pytest.raises(PlatformError) as failure:
        store.commit()
    assert failure.value.message == (
        "Durable Object was reset and rolled back to its last known good state because the application left the "
        "database in a state where constraints were violated: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT "
        "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )
    assert not failure.value.durable_object_reset
    assert (store.state, store.sql_exec("SELECT * FROM c").to_list()) == (NoTransaction(), [])


def test_violated_deferred_constraint_in_an_explicit_transaction_is_an_internal_error(store):
    # Asked of the real platform.
    violate(store)
    depth = store.begin_transaction()
    store.sql_exec("INSERT INTO c VALUES (5)")
    with pytest.raises(PlatformError, match=r"^internal error; reference = ") as failure:
        store.commit_transaction(depth)
    assert failure.value.durable_object_reset
    assert (store.state, store.sql_exec("SELECT * FROM c").to_list()) == (NoTransaction(), [])

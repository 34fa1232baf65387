"""Key-value pairs of one object."""

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import ListOptions, NamespaceFiles, ObjectStore
from pytest_durable.values import UNDEFINED
from support.storage import ALICE, put


def keys(store: ObjectStore, **options: object) -> list[str]:
    return [key for key, _ in store.list(ListOptions(**options))]


def fill(store: ObjectStore, *names: str) -> None:
    store.put_many([(name, name) for name in names])


def break_blob(namespace: NamespaceFiles, store: ObjectStore, key: str, blob: bytes | None) -> None:
    """Store bytes that no codec wrote."""
    store._write().execute("UPDATE _cf_KV SET value = ? WHERE key = ?", (blob, key), can_cache=False)


def test_get_of_an_absent_key_is_undefined(store):
    # DO-4.2.T1.1
    assert store.get("nothing") is UNDEFINED


def test_get_returns_what_was_put(store):
    # DO-4.2.T1.1, DO-4.2.T1.3
    store.put_many([("a", {"x": [1, "two", None]})])
    assert store.get("a") == {"x": [1, "two", None]}


def test_value_is_a_copy_in_both_directions(store):
    # DO-4.1.4
    value = {"list": [1]}
    store.put_many([("a", value)])
    value["list"].append(2)
    first = store.get("a")
    first["list"].append(3)
    assert (store.get("a"), store.get("a") is store.get("a")) == ({"list": [1]}, False)


def test_put_replaces_the_value(store):
    # DO-4.2.T1.3
    store.put_many([("a", 1)])
    store.put_many([("a", 2)])
    assert store.get("a") == 2


def test_stored_undefined_is_listed(store):
    # DO-4.2.P
    store.put_many([("a", UNDEFINED)])
    assert store.list(ListOptions()) == [("a", UNDEFINED)]


def test_get_of_many_is_in_byte_order_with_each_key_once(store):
    # DO-4.2.T1.2
    fill(store, "a", "b", "\uffff", "\U0001f600")
    found = store.get_many(["\U0001f600", "b", "missing", "\uffff", "b"])
    assert [key for key, _ in found] == ["b", "\uffff", "\U0001f600"]


def test_put_of_many_writes_none_if_one_cannot_be_cloned(store):
    # DO-4.2.T1.4, DO-3.6.3
    with pytest.raises(PlatformError) as failure:
        store.put_many([("a", 1), ("b", lambda: 1)])
    assert failure.value.name == "DataCloneError"
    assert failure.value.message.endswith("could not be cloned.")
    assert keys(store) == []


def test_put_of_many_writes_none_if_one_is_too_big(store):
    # DO-4.2.T1.4, DO-4.5.P
    with pytest.raises(PlatformError, match="string or blob too big: SQLITE_TOOBIG"):
        store.put_many([("a", 1), ("b", "x" * 8_388_700)])
    assert keys(store) == []


def test_value_that_is_too_big_does_not_reset_the_object(store):
    # DO-4.5.P
    with pytest.raises(PlatformError):
        store.put_many([("a", "x" * 8_388_700)])
    store.put_many([("b", 1)])
    assert (store.get("b"), store.is_critically_failed) == (1, None)


@pytest.mark.parametrize(("length", "fits"), [(8_388_628, True), (8_388_629, False)])
def test_longest_text_under_a_one_byte_key_has_8388628_characters(store, length, fits):
    # DO-4.5.T1.2, DO-4.5.P
    if fits:
        store.put_many([("a", "x" * length)])
        assert len(store.get("a")) == length
    else:
        with pytest.raises(PlatformError, match=r"^string or blob too big: SQLITE_TOOBIG$"):
            store.put_many([("a", "x" * length)])


def test_key_may_have_100000_bytes(store):
    # DO-4.5.T1.1
    store.put_many([("k" * 100_000, 1)])
    assert store.get("k" * 100_000) == 1


def test_call_may_name_200_keys(store):
    # DO-4.5.T1.3
    fill(store, *(f"{number:03}" for number in range(200)))
    names = keys(store)
    assert (len(names), len(store.get_many(names)), store.delete_many(names)) == (200, 200, 200)


def test_keys_may_be_empty_and_hold_nul(store):
    # DO-3.3.1
    fill(store, "", "a\0b", "a")
    assert keys(store) == ["", "a", "a\0b"]


def test_list_returns_keys_in_utf8_byte_order(store):
    # U+FFFF sorts before U+1F600, unlike in UTF-16. DO-3.3.1, DO-4.2.T1.7
    fill(store, "\U0001f600", "\uffff", "é", "z", "Z")
    assert keys(store) == ["Z", "z", "é", "\uffff", "\U0001f600"]


def test_key_with_a_lone_surrogate_is_read_back_as_three_replacements(store):
    # DO-3.3.2
    fill(store, "\ud800")
    assert (store.get("\ud800") is UNDEFINED, keys(store)) == (False, ["\ufffd" * 3])


def test_delete_counts_the_keys_that_existed_once(store):
    # DO-4.2.T1.5, DO-4.2.T1.6
    fill(store, "a", "b", "c")
    assert (store.delete_many(["a", "b", "a", "x"]), store.delete_many(["a"]), keys(store)) == (2, 0, ["c"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "a aa ab b c"),
        ({"start": "aa"}, "aa ab b c"),
        ({"start_after": "aa"}, "ab b c"),
        ({"end": "b"}, "a aa ab"),
        ({"start": "b", "end": "b"}, ""),
        ({"start": "c", "end": "a"}, ""),
        ({"prefix": "a"}, "a aa ab"),
        ({"prefix": ""}, "a aa ab b c"),
        ({"prefix": "a", "start": "aa"}, "aa ab"),
        ({"prefix": "a", "start": "b"}, ""),
        ({"limit": 2}, "a aa"),
        ({"reverse": True}, "c b ab aa a"),
        ({"reverse": True, "limit": 2}, "c b"),
        ({"reverse": True, "start": "aa", "end": "c"}, "b ab aa"),
        ({"prefix": "a", "reverse": True, "limit": 1}, "ab"),
    ],
)
def test_list_and_its_lazy_form_cover_the_same_range(store, options, expected):
    # DO-4.3.T1.1-7, DO-5.2.3
    fill(store, "a", "b", "c", "aa", "ab")
    lazily = [key for key, _ in store.sync_list(ListOptions(**options))]
    assert (keys(store, **options), lazily) == (expected.split(), expected.split())


def test_lazy_list_may_see_writes_made_meanwhile(store):
    # DO-5.2.3
    fill(store, "a", "b")
    pairs = store.sync_list(ListOptions())
    first = next(pairs)
    fill(store, "c")
    assert [first, *pairs] == [("a", "a"), ("b", "b"), ("c", "c")]


@pytest.mark.parametrize("other", ["list", "sync_list"])
def test_second_list_ends_the_lazy_one(store, other):
    # DO-5.2.4
    fill(store, "a", "b")
    pairs = store.sync_list(ListOptions())
    next(pairs)
    getattr(store, other)(ListOptions())
    with pytest.raises(PlatformError) as failure:
        next(pairs)
    assert failure.value.message == (
        "kv.list() iterator was invalidated because a new call to kv.list() was started. "
        "Only one kv.list() iterator can exist at a time."
    )


@pytest.mark.parametrize("other", ["list", "sync_list"])
def test_list_of_an_empty_range_leaves_the_lazy_one_alone(store, other):
    # Asked of the real platform. DO-5.2.4
    fill(store, "a", "b")
    pairs = store.sync_list(ListOptions())
    next(pairs)
    assert list(getattr(store, other)(ListOptions(start="b", end="a"))) == []
    assert next(pairs) == ("b", "b")


def test_lazy_list_made_before_the_first_write_is_at_its_end(store):
    # Asked of the real platform. DO-5.2.3
    pairs = store.sync_list(ListOptions())
    fill(store, "a")
    store.list(ListOptions())
    store.delete_all(keep_alarm=False)
    assert list(pairs) == []


def test_lazy_list_that_is_at_its_end_stays_there(store):
    fill(store, "a")
    pairs = store.sync_list(ListOptions())
    assert [list(pairs), list(pairs)] == [[("a", "a")], []]


def test_reads_create_no_table(namespace, store):
    # DO-1.4.T1.4, DO-3.2.T1.1
    store.get("a")
    store.get_many(["a"])
    store.list(ListOptions())
    list(store.sync_list(ListOptions()))
    store.get_alarm_ns()
    assert (store.database_size, namespace.inspect(ALICE).tables) == (4096, [])


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.put_many([("a", 1)]),
        lambda store: store.put_many([]),
        lambda store: store.delete_many(["missing"]),
        lambda store: store.delete_many(["missing", "also"]),
    ],
    ids=["put", "put of no entries", "delete", "delete of several"],
)
def test_writes_create_the_table(namespace, store, write):
    # DO-3.2.T1.1, DO-1.4.T1.5
    write(store)
    store.commit()
    assert namespace.inspect(ALICE).tables == ["_cf_KV"]


def test_delete_of_no_keys_does_nothing(namespace, store):
    # DO-3.2.T1.1
    assert store.delete_many([]) == 0
    assert namespace.inspect(ALICE).tables == []


def test_rolled_back_table_is_created_again(namespace, store):
    # DO-3.2.P
    store.put_many([("a", 1)])
    store.rollback()
    put(store, b=2)
    assert dict(namespace.inspect(ALICE).kv) == {"b": 2}


@pytest.mark.parametrize("blob", [b"", None, b"\xff\x09\x30", b"\xff\x0f", b'\xff\x0fo"\x01a'], ids=repr)
def test_unreadable_value_fails_with_an_internal_error(namespace, store, blob):
    # DO-3.7, DO-3.3.3
    fill(store, "a", "b")
    break_blob(namespace, store, "a", blob)
    with pytest.raises(PlatformError, match=r"^internal error; reference = [0-9a-z]{24}$"):
        store.get("a")
    assert (store.get("b"), store.is_critically_failed) == ("b", None)


def test_unreadable_value_fails_every_list_that_meets_it(namespace, store):
    # DO-3.7
    fill(store, "a", "b")
    break_blob(namespace, store, "b", b"")
    with pytest.raises(PlatformError, match="internal error"):
        store.list(ListOptions())
    pairs = store.sync_list(ListOptions())
    assert next(pairs) == ("a", "a")
    with pytest.raises(PlatformError, match="internal error"):
        next(pairs)


def test_tokens_of_stored_stubs_go_with_their_key(namespace, store):
    # A file from elsewhere may have them; we only delete them. DO-3.2.T1.3
    put(store, a=1, b=1, c=1)
    database = store._use()
    database.execute(
        "CREATE TABLE _cf_EXTERNALS (key TEXT, idx INTEGER, token BLOB, PRIMARY KEY (key, idx)) WITHOUT ROWID"
    )
    database.execute("INSERT INTO _cf_EXTERNALS VALUES ('a', 0, x''), ('b', 0, x''), ('b', 1, x''), ('c', 0, x'')")
    database.reload_tables()
    store.put_many([("a", 2)])
    store.delete_many(["b"])
    store.commit()
    assert namespace.inspect(ALICE).sql("SELECT key, idx FROM _cf_EXTERNALS") == [{"key": "c", "idx": 0}]

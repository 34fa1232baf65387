"""``ctx.storage.kv`` and ``ctx.storage.sql``, and how a list is described: what the platform does without promises.

Source: workerd api/sync-kv.c++, api/sql.c++; spec durable-objects 4.3, 5.1, 5.2.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_durable._core.actor.arguments import (
    ABSENT,
    int32_of,
    is_nothing,
    is_object,
    not_of_type,
    text_of,
    truth,
)
from pytest_durable._core.actor.storage_owner import StorageOwner
from pytest_durable._core.platform_errors import error, type_error
from pytest_durable._core.storage import PLAIN, UNDEFINED, Cursor, DecodedTypes, ListOptions, ObjectStore, member

_LIST_TWO_STARTS: Final = "list() cannot be called with both start and startAfter values."
_LIST_LIMIT: Final = "List limit must be positive."
_SQL_OFF: Final = (
    "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to `new_sqlite_classes` "
    "within the 'migrations' field in your wrangler.jsonc or wrangler.toml file."
)
_KV_OFF: Final = (
    "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's "
    "namespace is not declared to use SQLite. You can use the older interface via methods of `storage` itself."
)


class ObjectKv:
    """``ctx.storage.kv``: the same keys and values, one key per call, errors thrown at the call."""

    interface: Final = "SyncKvStorage"

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, enabled: bool = True) -> None:
        self._owner = owner
        self._types = types
        self._is_enabled = enabled

    def get(self, key: object = ABSENT) -> object:
        """The value, ``types.undefined`` if absent."""
        name = self._key("get", key)
        return shown(self._enter().get(name, self._types), self._types)

    def put(self, key: object = ABSENT, value: object = ABSENT) -> None:
        """Store ``value``; unlike ``storage.put`` an explicit undefined is a value."""
        name = self._key("put", key)
        if value is ABSENT:
            raise not_of_type(self.interface, "put", 2, "Value")
        self._enter().put_many([(name, value)])

    def delete(self, key: object = ABSENT) -> bool:
        """Whether the key existed."""
        name = self._key("delete", key)
        return self._enter().delete_many([name]) > 0

    def list(self, options: object = UNDEFINED) -> Iterator[tuple[str, object]]:
        """The pairs, read as they are asked for; a second list ends the first (spec 5.2.4)."""
        if not (is_nothing(options) or is_object(options)):
            raise not_of_type(self.interface, "list", 1, "ListOptions")
        wanted = list_options(options)
        return self._enter().sync_list(wanted, self._types)

    def _key(self, method: str, key: object) -> str:
        if key is ABSENT:
            raise not_of_type(self.interface, method, 1, "string")
        return text_of(key)

    def _enter(self) -> ObjectStore:
        if not self._is_enabled:
            raise error(_KV_OFF)
        return self._owner.store


class ObjectSql:
    """``ctx.storage.sql``."""

    interface: Final = "SqlStorage"

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, enabled: bool = True) -> None:
        self._owner = owner
        self._types = types
        self.is_enabled = enabled

    @property
    def database_size(self) -> int:
        """Bytes of the database."""
        return self._enter().database_size

    def exec(self, query: object = ABSENT, bindings: Sequence[object] = ()) -> Cursor:
        """Run a query now; the cursor holds the rows of its last statement (spec 5.3)."""
        if query is ABSENT:
            raise not_of_type(self.interface, "exec", 1, "String")
        return self._enter().sql_exec(text_of(query), bindings, self._types)

    def set_max_page_count_for_test(self, count: object = ABSENT) -> None:
        """Let the disk be full at so many pages; no positive number changes nothing."""
        if count is ABSENT:
            raise not_of_type(self.interface, "setMaxPageCountForTest", 1, "integer")
        pages_max = int32_of(count)
        if pages_max > 0:
            self._enter().limit_pages(pages_max)

    def _enter(self) -> ObjectStore:
        if not self.is_enabled:
            raise error(_SQL_OFF)
        return self._owner.store


def list_options(options: object) -> ListOptions:
    """Read the options of a list: bounds become text, the limit a 32-bit integer (spec 4.3).

    Raises:
        PlatformError: TypeError; two starts, or a limit that is not positive.
    """
    limit = member(options, "limit")
    count = None if limit is UNDEFINED else int32_of(limit)
    start, start_after = _bound(options, "start"), _bound(options, "startAfter")
    if start is not None and start_after is not None:
        raise type_error(_LIST_TWO_STARTS)
    if count is not None and count <= 0:
        raise type_error(_LIST_LIMIT)
    return ListOptions(
        start=start,
        start_after=start_after,
        end=_bound(options, "end"),
        prefix=_bound(options, "prefix"),
        reverse=truth(member(options, "reverse")),
        limit=count,
    )


def _bound(options: object, name: str) -> str | None:
    value = member(options, name)
    return None if value is UNDEFINED else text_of(value)


def shown(found: object, types: DecodedTypes) -> object:
    """What a caller sees of ``found``: the store says "absent" in its own terms, whatever values are built from."""
    return types.undefined if found is UNDEFINED else found

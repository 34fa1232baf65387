"""What is compared after each step, in a form that can be compared and read: the answers, and the disk."""

from collections.abc import Iterable, Mapping
from typing import Any

from differential.interpreter import told
from pytest_durable._core import events
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import decode
from pytest_durable._hosts.common import CommonHost
from pytest_durable._hosts.namespace import Namespace
from support.value_description import describe

Seen = Any
_STACK = "stack".encode("utf-16-le").hex()


def answer(outcome: object) -> Seen:
    """An answer, or what was raised instead of it."""
    if isinstance(outcome, PlatformError):
        return [told(outcome), outcome.durable_object_id]
    if isinstance(outcome, BaseException):
        raise outcome  # an error of the tool, and no answer of the platform
    return ["returned", value(outcome)]


def value(content: object) -> Seen:
    """A value with identity made visible. Stacks are left out: they tell of the code, not of the platform."""
    return _without_stacks(describe(content))


def _without_stacks(description: Any) -> Any:
    if not isinstance(description, list):
        return description
    if description[:1] == ["string"]:
        return bytes.fromhex(description[1]).decode("utf-16-le", "surrogatepass")
    if description[:1] == ["error"]:
        _, name, message, properties = description
        return ["error", name, message, [_without_stacks(each) for each in properties if each[0] != _STACK]]
    return [_without_stacks(each) for each in description]


def disk(host: CommonHost, namespace: Namespace, names: Mapping[str, str]) -> dict[str, Seen]:
    """The logical content of the directory.

    Args:
        host: Whose.
        namespace: Of the objects.
        names: Hex id to name.
    """
    seen: dict[str, Seen] = {
        "files": {_named(file, names): _is_idle(namespace, file) for file in namespace.files()},
        "alarms": sorted((names[actor_hex], due_ns, name) for actor_hex, due_ns, name in _alarm_rows(namespace)),
        "runs": alarm_runs(host, names),
    }
    for actor_hex, name in names.items():
        seen[name] = _stored(namespace, actor_hex)
    return seen


def listed_alarms(host: CommonHost) -> Seen:
    """What ``durable.alarms()`` tells."""
    return sorted((each.name, each.due.isoformat(), each.state, each.retry_count) for each in host.alarms())


def _alarm_rows(namespace: Namespace) -> Iterable[tuple[str, int, str | None]]:
    return namespace.storage_files.stored_alarms()


def differ(part: str, ours: Seen, real: Seen) -> bool:
    """Whether two looks at one part of a directory differ in more than what is known (docs/fidelity.md)."""
    if part != "files":
        return bool(ours != real)
    # After deleteAll the platform makes the log of the new database when it is first used; we make it at once.
    return not ours.keys() >= real.keys() or any(not ours[file] for file in ours.keys() - real.keys())


def _is_idle(namespace: Namespace, file: str) -> bool:
    """Whether it is a log without content, or the index of one."""
    assert namespace.directory is not None
    if not file.endswith(("-wal", "-shm")) or file.startswith("metadata"):
        return False
    log = namespace.directory / (file.removesuffix("-wal").removesuffix("-shm") + "-wal")
    return not log.exists() or log.stat().st_size == 0


def alarm_runs(host: CommonHost, names: Mapping[str, str]) -> list[Seen]:
    """The runs of alarm handlers: whose, what the alarm was set for, how often it had failed, how it went."""
    runs: dict[str, list[Seen]] = {name: [] for name in names.values()}
    for record in host.journal.of(events.AlarmFinished):
        if (record.ran or not record.ok) and record.actor is not None:
            runs[names[record.actor.hex]].append((record.due_ns, record.retry_count, record.ok))
    return list(runs.items())


def _named(file: str, names: Mapping[str, str]) -> str:
    for actor_hex, name in names.items():
        file = file.replace(actor_hex, name)
    return file


def _stored(namespace: Namespace, actor_hex: str) -> Seen:
    view = namespace.storage_files.inspect(actor_hex)
    if view is None:
        return None
    with view._reading() as connection:  # one look at all, which costs a copy of the file
        tables = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        content = {
            name: connection.execute(_all_of(connection, name)).fetchall()
            for name, text in tables
            if text and text.startswith("CREATE TABLE")
        }
    stored = content.pop("_cf_KV", [])
    kv = {key.decode("utf-8", "surrogatepass"): value(decode(blob)) for _, key, _, blob in stored}
    return {"kv": kv, "schema": tables, "tables": {name: list(map(_row, rows)) for name, rows in content.items()}}


def _all_of(connection: Any, table: str) -> str:
    """A query for all rows of a table, with the types; texts as bytes, because they need not be valid."""
    columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    shown = (f'typeof("{name}"), iif(typeof("{name}") = \'text\', CAST("{name}" AS BLOB), "{name}")' for name in columns)
    return f'SELECT {", ".join(shown)} FROM "{table}" ORDER BY "{columns[0]}"'


def _row(row: tuple[object, ...]) -> list[str]:
    return list(map(repr, row))

"""Claims about how many objects and files a namespace has: each answers with None, or with what is wrong."""

from collections.abc import Iterable
from typing import Final

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.messages import EntrypointKey, FacetKey, ObjectKey
from pytest_durable._hosts.face import HostFace, NamespaceFace
from pytest_durable._instruments.causes import IN_MEMORY
from pytest_durable._instruments.report import ASSERTIONS, Advice, Failure, Row, shortened
from pytest_durable._instruments.subject import check_host, is_count, label, start_ns
from pytest_durable._instruments.times import since_start

#: How many objects or files a message names.
NAMED_MAX: Final = 10

_SIDE_SUFFIXES: Final = ("-wal", "-shm", "-journal")
_DATABASE_SUFFIX: Final = ".sqlite"


def objects_are(host: HostFace, namespace: NamespaceFace, expected: int) -> Failure | None:
    """The namespace has so many objects."""
    _check(host, namespace, expected, "assert_object_count")
    ignored = frozenset(host.ignored_files(namespace))
    ids = [actor_hex for actor_hex in namespace.list_ids() if actor_hex + _DATABASE_SUFFIX not in ignored]
    if len(ids) == expected:
        return None
    return Failure(
        claim=f"{namespace.binding} has {_count(len(ids), 'object')}: expected {expected}.",
        rows=[("objects", _described(host, namespace, ids))],
        advice=_about_objects(host, namespace, len(ids), expected),
    )


def files_are(host: HostFace, namespace: NamespaceFace, expected: int) -> Failure | None:
    """The namespace has so many database files of objects and facets."""
    _check(host, namespace, expected, "assert_file_count")
    ignored = frozenset(host.ignored_files(namespace))
    names = [name for name in namespace.object_files() if name not in ignored]
    if len(names) == expected:
        return None
    shown = "\n".join(shortened(names, NAMED_MAX, "files")) or "none"
    return Failure(
        claim=f"{namespace.binding} has {_count(len(names), 'database file')}: expected {expected}.",
        rows=[("files", shown), *_left_out(namespace.files(), names, ignored)],
        advice=_about_files(host, namespace, len(names), expected),
    )


def _check(host: HostFace, namespace: NamespaceFace, expected: int, claim: str) -> None:
    if not isinstance(getattr(namespace, "unique_key", None), str):
        raise ConfigurationError(
            f"{claim}() takes a namespace, not {namespace!r}.\n\n"
            f"Hand over what namespace() gave:  durable.{claim}(durable.namespace(…), {expected})"
        )
    if not is_count(expected):
        raise ConfigurationError(
            f"{claim}() takes a number from 0 on, not {expected!r}.\n\nFor example:  durable.{claim}(namespace, 1)"
        )
    check_host(host, namespace, f"{claim}(): {namespace!r}")
    host.raise_failures()


def _described(host: HostFace, namespace: NamespaceFace, ids: list[str]) -> str:
    """One line per object: what it is called and when it was first built on this host."""
    keys, built = _history(host, namespace)
    start = start_ns(host)
    lines = []
    # In the order in which they came; those that only the disk knows are older.
    for actor_hex in sorted(ids, key=lambda each: (built.get(each, 0), each)):
        name = label(namespace, keys.get(actor_hex, ObjectKey(namespace.unique_key, actor_hex)))
        when = f"built {since_start(built[actor_hex] - start)}" if actor_hex in built else "was there before"
        lines.append(f"{name}  {when}")
    return "\n".join(shortened(lines, NAMED_MAX, "objects")) or "none"


def _history(host: HostFace, namespace: NamespaceFace) -> tuple[dict[str, ObjectKey], dict[str, int]]:
    """What the journal knows of the namespace's objects by id: their keys, and when each was first built."""
    keys: dict[str, ObjectKey] = {}
    built: dict[str, int] = {}
    for record in host.journal:
        key = record.actor
        if key is None or key.namespace != namespace.unique_key or isinstance(key, FacetKey | EntrypointKey):
            continue
        if key.hex not in keys or key.name is not None:
            keys[key.hex] = key
        if isinstance(record, events.InstanceBuilt):
            built.setdefault(key.hex, record.time_ns)
    return keys, built


def _left_out(names: list[str], counted: list[str], ignored: Iterable[str]) -> list[Row]:
    """What lies beside the files that count."""
    others = [name for name in names if name not in counted]
    side = [name for name in others if name.endswith(_SIDE_SUFFIXES)]
    shown = [f"{name} (ignored)" if name in ignored else name for name in others if name not in side]
    if side:
        shown.append(_count(len(side), "side file") + " (-wal, -shm)")
    return [("not counted", "\n".join(shortened(shown, NAMED_MAX, "files")))] if shown else []


def _about_objects(host: HostFace, namespace: NamespaceFace, count: int, expected: int) -> Advice:
    if count > expected:
        return Advice(
            fact="Look for a name or an id that the test did not mean. If all of them are wanted:",
            command=f"durable.assert_object_count(namespace, {count})",
            page=ASSERTIONS,
        )
    if _was_wiped(host, namespace):
        return IN_MEMORY
    return Advice(
        fact="An object exists from its first call on; a stub alone creates nothing. Call it:",
        command="await stub.method()",
        page=ASSERTIONS,
    )


def _about_files(host: HostFace, namespace: NamespaceFace, count: int, expected: int) -> Advice:
    if count > expected:
        return Advice(
            fact="Facets have files of their own. To count objects alone:",
            command="durable.assert_object_count(namespace, n)",
            page=ASSERTIONS,
        )
    return _about_objects(host, namespace, count, expected)


def _was_wiped(host: HostFace, namespace: NamespaceFace) -> bool:
    """Whether an object that was built is gone because its life ended with the memory it was in."""
    if namespace.directory is not None or not host.journal.of(events.RuntimeStopped, events.RuntimeCrashed):
        return False
    _, built = _history(host, namespace)
    return bool(built.keys() - set(namespace.list_ids()))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

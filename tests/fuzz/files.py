"""Directories with a database that something has happened to: what the fuzzing of the opener feeds it.

All of it follows from a seed, by ``random.Random`` alone.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from pytest_durable._core.ids import IdFactory
from support.storage import end, new_disk, open_namespace, put

#: Two objects of the namespace ``key``.
ALICE, BOB = (IdFactory("key").from_name(name).hex for name in ("alice", "bob"))
PAGE: Final = 4096
#: Offset and length of what the header of a database says in numbers: sizes, counts, versions, modes.
_HEADER_FIELDS: Final = (
    (16, 2), (18, 1), (19, 1), (20, 1), (21, 1), (24, 4), (28, 4), (32, 4), (36, 4), (40, 4), (44, 4), (52, 4), (56, 4),
    (60, 4), (64, 4), (68, 4), (92, 4), (96, 4),
)  # fmt: skip
#: The same for a page of a tree, from its own beginning, and for the header of a log and of its frames.
_PAGE_FIELDS: Final = ((0, 1), (1, 2), (3, 2), (5, 2), (7, 1), (8, 4), (12, 2), (14, 2))
_LOG_FIELDS: Final = ((0, 4), (4, 4), (8, 4), (12, 4), (16, 8), (24, 8), (32, 4), (36, 4), (40, 8), (48, 8))
_NUMBERS: Final = (0, 1, 2, 3, 127, 255, 4095, 65_535, 2**31 - 1, 2**32 - 1)


def make_directory(directory: Path, *, is_crashed: bool) -> None:
    """A namespace with two objects and two alarms; with logs beside the databases if its life was cut off."""
    disk = new_disk(directory)
    namespace = open_namespace(disk)
    for name, actor_hex in (("alice", ALICE), ("bob", BOB)):
        store = namespace.open_store(actor_hex)
        store.sql_exec("CREATE TABLE plants (id INTEGER PRIMARY KEY, name TEXT UNIQUE, height REAL)")
        for number in range(30):
            store.sql_exec("INSERT INTO plants VALUES (?, ?, ?)", (number, f"plant {number}", number / 2))
        store.set_alarm_ns(5)
        put(store, **{f"k{number}": "x" * 900 for number in range(20)}, long="y" * 20_000)
        namespace.alarms.set(actor_hex, 5, name)
    end(disk, graceful=not is_crashed)


# -- what happens to a file

Mutation = Callable[[Random, bytes, bool], bytes]


def flip_bits(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """Some bits are wrong; half of the time near the beginning, where most bytes matter."""
    changed = bytearray(content)
    reach = min(len(content), chance.choice([160, len(content)]))
    for _ in range(chance.choice([1, 1, 4, 40])):
        changed[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """The end is missing: anywhere, or between two pages."""
    return content[: chance.choice([chance.randrange(len(content)), chance.randrange(len(content)) // PAGE * PAGE])]


def set_field(chance: Random, content: bytes, is_log: bool) -> bytes:
    """A number in a header says something else."""
    page = chance.randrange(len(content) // PAGE + 1) * PAGE
    fields = [(at + (page and page - page % PAGE), size) for at, size in _PAGE_FIELDS] if page else list(_HEADER_FIELDS)
    if not page:
        fields += [(100 + at, size) for at, size in _PAGE_FIELDS]
    at, size = chance.choice(_LOG_FIELDS if is_log else fields)
    number = chance.choice((*_NUMBERS, chance.randrange(2**16))) % 256**size
    return _overwritten(content, at, number.to_bytes(size, "big"))


def splice(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """A piece of it stands in another place."""
    size = min(chance.choice([1, 16, 512, PAGE]), len(content))
    source, target = (chance.randrange(len(content) - size + 1) for _ in range(2))
    return _overwritten(content, target, content[source : source + size])


def swap_pages(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """Two pages have changed places."""
    first, second = (chance.randrange(max(1, len(content) // PAGE)) * PAGE for _ in range(2))
    one, other = content[first : first + PAGE], content[second : second + PAGE]
    return _overwritten(_overwritten(content, first, other), second, one)


def blank(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """A page, or a sector, holds nothing, or noise."""
    size = chance.choice([512, PAGE])
    at = chance.randrange(len(content)) // size * size
    return _overwritten(content, at, chance.choice([bytes(size), chance.randbytes(size)]))


def append(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """Something follows it."""
    return content + chance.choice([b"\0", chance.randbytes(100), bytes(PAGE), chance.randbytes(PAGE)])


def edit_text(chance: Random, content: bytes, _is_log: bool) -> bytes:
    """Words of the schema are others: the file is sound, and not what it should be."""
    words = [word for word in _WORDS if word in content]
    if not words:
        return flip_bits(chance, content, _is_log)
    word = chance.choice(words)
    return content.replace(word, bytes(chance.choice(b"abcK_ (),1") for _ in word), chance.choice([1, -1]))


_WORDS: Final = (b"_cf_KV", b"_cf_METADATA", b"_cf_ALARM", b"CREATE TABLE", b"PRIMARY KEY", b"value", b"key", b"TEXT")

MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits, truncate, set_field, splice, swap_pages, blank, append, edit_text,
)  # fmt: skip


def _overwritten(content: bytes, at: int, data: bytes) -> bytes:
    return content[:at] + data[: max(0, len(content) - at)] + content[at + len(data) :]


#: Whose file it happens to.
VICTIMS: Final = ("object", "object log", "object index", "metadata", "metadata log", "another file")


def damage(chance: Random, directory: Path, mutation: Mutation) -> str:
    """Let something happen to one file of a namespace; tells to which."""
    victim = chance.choice(VICTIMS)
    stem = "metadata" if victim.startswith("metadata") else ALICE
    suffix = {"log": "-wal", "index": "-shm"}.get(victim.rpartition(" ")[2], "")
    path = directory / "key" / f"{stem}.sqlite{suffix}"
    if victim == "another file":
        others = [other for other in sorted(path.parent.iterdir()) if other != path]
        shutil.copyfile(chance.choice(others), path)
    if not path.exists() or not path.stat().st_size:
        victim, path = "object", directory / "key" / f"{ALICE}.sqlite"
    content = path.read_bytes()
    for _ in range(chance.choice([1, 1, 3])):
        content = mutation(chance, content, path.name.endswith("-wal")) or content
    path.write_bytes(content)
    return victim

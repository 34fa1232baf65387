"""The files of the facets of one object: the index that numbers them, and a database for each that was ever started.

Source: spec durable-objects 1.3, 1.7; workerd server/server.c++ (deleteFacetImpl, cloneFacetImpl).
"""

from collections.abc import Callable

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.doors import Doors
from pytest_durable._core.storage.facet_index import MAGIC, FacetIndex, IndexFullError, NotAnIndexError, parse
from pytest_durable._core.storage.files import Files, delete_database
from pytest_durable._core.storage.inspection import committed_bytes
from pytest_durable._core.storage.pool import Pool, damaged
from pytest_durable._core.storage.sql_errors import internal_error
from pytest_durable._core.storage.store import ObjectStore


class FacetFiles:
    """The files of the facets of one object, while a life uses them.

    The index is read when it is first asked for: an object that has no facets costs nothing.

    Args:
        pool: The databases that are open.
        doors: Whether files may be touched at all.
        files: The namespace's.
        actor_hex: The object.
        open_store: Opens the database of the facet with a number, and makes it if there is none.
    """

    def __init__(
        self, pool: Pool, doors: Doors, files: Files, actor_hex: str, open_store: Callable[[int], ObjectStore]
    ) -> None:
        self.open_store = open_store
        self._pool = pool
        self._doors = doors
        self._files = files
        self._actor_hex = actor_hex
        self._name = layout.facet_index_file(actor_hex)
        self._index: FacetIndex | None = None
        #: Where the next entry goes.
        self._end = 0

    def __repr__(self) -> str:
        return f"<FacetFiles of {self._actor_hex[:8]}…>"

    # -- numbers

    @property
    def exists(self) -> bool:
        """Whether there is an index: whether a facet was ever started."""
        self._doors.check()
        return self._index is not None or self._files.exists(self._name)

    @property
    def has_beginning(self) -> bool:
        """Whether an entry may be written: the file is there, and begins as it must.

        Raises:
            DamagedFileError: It begins otherwise.
        """
        self._load()
        return self._end > 0

    def begin(self) -> None:
        """Write the beginning of the index."""
        self._doors.check()
        self._files.write(self._name, 0, MAGIC)
        self._end = len(MAGIC)

    def find(self, parent: int, name: str) -> int | None:
        """The number of a facet, None if it has none yet.

        Raises:
            DamagedFileError: The file is no index.
            PlatformError: The name is none that a facet can have.
        """
        return self._load().find(parent, self._bytes(name))

    def add(self, parent: int, name: str) -> int:
        """Give a new facet its number, durably.

        Raises:
            PlatformError: It can have none.
        """
        index, raw = self._load(), self._bytes(name)
        try:
            entry = index.entry(parent, raw)
        except IndexFullError as failure:
            raise self._internal_error(str(failure)) from failure
        self._files.write(self._name, self._end, entry)
        self._end += len(entry)
        return index.add(parent, raw)

    def children(self, parent: int) -> list[tuple[int, str]]:
        """Number and name of each facet right below ``parent``, deleted ones included."""
        return [(number, name.decode("utf-8", "replace")) for number, name in self._load().children(parent)]

    def below(self, number: int) -> list[int]:
        """The numbers of all facets below a facet, each after those that are below itself."""
        index = self._load()
        found: list[int] = []
        for child, _ in index.children(number):
            found += [*self.below(child), child]
        return found

    def _load(self) -> FacetIndex:
        self._doors.check()
        if self._index is None:
            content = self._files.read(self._name) if self._files.exists(self._name) else b""
            index, end = read_index(content, self._files.path(self._name))
            if 0 < end < len(content):
                self._files.write(self._name, end, b"")
            self._index, self._end = index, end
        return self._index

    def _bytes(self, name: str) -> bytes:
        try:
            raw = name.encode()
        except UnicodeEncodeError as failure:
            raise self._internal_error("the name of a facet has half a character") from failure
        if not raw:
            raise self._internal_error("the name of a facet is empty")
        return raw

    def _internal_error(self, about: str) -> PlatformError:
        return internal_error(self._actor_hex, about)

    # -- databases

    def delete(self, number: int) -> bool:
        """Delete the database of a facet that nobody has open; whether there was one. It keeps its number."""
        self._doors.check()
        name = layout.object_file(self._actor_hex, number)
        was_there = self._files.exists(name)
        delete_database(self._files, name)
        return was_there

    def copy(self, source: int, target: int) -> bool:
        """Copy what is committed of a facet, running or not, to one without database; whether there was anything."""
        self._doors.check()
        name = layout.object_file(self._actor_hex, source)
        if not self._files.exists(name):
            return False
        self._files.create(layout.object_file(self._actor_hex, target), committed_bytes(self._pool, self._files, name))
        return True


def read_index(content: bytes, path: str) -> tuple[FacetIndex, int]:
    """Read an index; see ``facet_index.parse``.

    Raises:
        DamagedFileError: It is none. Nothing was changed.
    """
    try:
        return parse(content)
    except NotAnIndexError as failure:
        raise damaged(path, str(failure)) from failure


def find_number(files: Files, actor_hex: str, path: tuple[str, ...]) -> int | None:
    """The number of a facet, for a look at the disk: nothing is changed, and nobody need have the directory.

    Args:
        files: The namespace's.
        actor_hex: The object.
        path: The facet's name, after those of the facets that it is below.

    Raises:
        DamagedFileError: The file is no index.
    """
    name = layout.facet_index_file(actor_hex)
    if not files.exists(name):
        return None
    index, _ = read_index(files.read(name), files.path(name))
    number: int | None = 0
    for each in path:
        if number is None:
            return None
        number = index.find(number, each.encode("utf-8", "replace"))
    return number

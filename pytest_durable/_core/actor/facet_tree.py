"""What is on the disk of all facets of one object: their numbers and databases, with a record after each durable step.

Source: workerd server/server.c++ (getFacetId, deleteFacetImpl, cloneFacetImpl); spec durable-objects 1.7.
"""

from collections.abc import Callable

from pytest_durable._core import events
from pytest_durable._core.errors import DurableError
from pytest_durable._core.journal import Journal
from pytest_durable._core.messages import FacetKey, ObjectKey
from pytest_durable._core.platform_errors import tell
from pytest_durable._core.storage import FacetFiles, ObjectStore


def below(key: ObjectKey, name: str) -> FacetKey:
    """The key of the facet ``name`` of an object or facet."""
    path = key.path if isinstance(key, FacetKey) else ()
    return FacetKey(key.namespace, key.hex, key.name, (*path, name))


def as_user_code_meets_it(store: ObjectStore, operation: Callable[[], None]) -> None:
    """Do something to files of facets on behalf of user code.

    Raises:
        PlatformError: Opaque, as the platform's is; it tells the test which file cannot be used, and why.
    """
    try:
        operation()
    except DurableError as failure:
        seen = store.internal_error(str(failure))
        tell(seen, failure)
        raise seen from failure


class FacetTree:
    """The facets of one object on the disk.

    Args:
        files: Their files.
        journal: Is told what happens.
    """

    def __init__(self, files: FacetFiles, journal: Journal) -> None:
        self.files = files
        self._journal = journal

    def __repr__(self) -> str:
        return f"<FacetTree of {self.files!r}>"

    def number(self, parent: int, key: FacetKey) -> int:
        """The number of a facet, a new one if it has none.

        Records: FacetIndexBegun, FacetNumbered.

        Args:
            parent: The number of the object or facet that it is below.
            key: The facet.

        Raises:
            DamagedFileError: The index is none.
            PlatformError: The facet can have no number.
        """
        name = key.path[-1]
        found = self.files.find(parent, name)
        if found is not None:
            return found
        if not self.files.has_beginning:
            self.files.begin()
            self._journal.record(events.FacetIndexBegun, ObjectKey(key.namespace, key.hex, key.name))
        number = self.files.add(parent, name)
        self._journal.record(events.FacetNumbered, key, number)
        return number

    def delete(self, parent: int, key: FacetKey) -> None:
        """Delete what is stored for a facet and all below it; nobody may have it open.

        A facet that never was gets a number by it, as on the platform.

        Records: FacetDeleted.
        """
        if self.files.exists:
            number = self.number(parent, key)
            self.delete_below(number, key)
            self._delete(number, key)

    def delete_below(self, number: int, key: ObjectKey) -> None:
        """Delete what is stored for all facets below an object or facet; nobody may have one open.

        Records: FacetDeleted.
        """
        if not self.files.exists:
            return
        for child, name in self.files.children(number):
            child_key = below(key, name)
            self.delete_below(child, child_key)
            self._delete(child, child_key)

    def _delete(self, number: int, key: FacetKey) -> None:
        if self.files.delete(number):
            self._journal.record(events.FacetDeleted, key, number)

    def clone(self, parent: int, source: FacetKey, target: FacetKey) -> None:
        """Replace what is stored for ``target`` and below it by a copy of what is committed of ``source``.

        Records: FacetDeleted, FacetCloned.
        """
        if self.files.exists:
            self.delete(parent, target)
            self._copy(self.number(parent, source), self.number(parent, target), target)

    def _copy(self, source: int, target: int, key: FacetKey) -> None:
        for child, name in self.files.children(source):
            child_key = below(key, name)
            self._copy(child, self.number(target, child_key), child_key)
        if self.files.copy(source, target):
            self._journal.record(events.FacetCloned, key, target, source)

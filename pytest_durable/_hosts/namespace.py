"""A namespace as the test sees it."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from pytest_durable._core.errors import ConfigurationError, ForeignIdError
from pytest_durable._core.ids import IdFactory, ObjectId, is_object_hex
from pytest_durable._core.isolate import Target
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.arguments import require
from pytest_durable._hosts.face import Line
from pytest_durable._hosts.stub import Stub

#: Makes the line of a new stub, given the namespace's unique key and the id.
Connect = Callable[[str, ObjectId], Line]

_UNIQUE_BYTES: Final = 16


class Namespace:
    """All objects of one class: where ids are made and stubs are taken.

    Args:
        host: The host it is declared on.
        files: Where its objects are.
        target: The class.
        binding: Its name in ``env``.
        random: Draws unique ids.
        connect: Makes the lines of its stubs.

    Attributes:
        host: The host it was declared on.
        target: The class.
        unique_key: What keys the ids and names the directory.
        binding: Its name in ``env``.
    """

    def __init__(
        self,
        host: object,
        files: NamespaceFiles,
        target: Target,
        binding: str,
        *,
        random: Random,
        connect: Connect,
    ) -> None:
        self.host = host
        self.target = target
        self.unique_key = files.unique_key
        self.binding = binding
        self._files = files
        self._ids = IdFactory(self.unique_key)
        self._random = random
        self._connect = connect

    def __repr__(self) -> str:
        return f"<Namespace {self.unique_key}: {len(self.list_ids())} objects>"

    @property
    def class_name(self) -> str:
        """Name of the class."""
        return self.target.class_name

    @property
    def directory(self) -> Path | None:
        """Where the files are; None in memory."""
        return self._files.directory

    @property
    def storage_files(self) -> NamespaceFiles:
        """The files, for those who look into them."""
        return self._files

    def id_from_name(self, name: str) -> ObjectId:
        """The id that ``name`` always stands for."""
        given: object = name
        if not isinstance(given, str):
            raise ConfigurationError(f"The name of an object is a text, not {name!r}.")
        return self._ids.from_name(name)

    def id_from_string(self, text: str) -> ObjectId:
        """The id written as 64 hex digits.

        Raises:
            PlatformError: TypeError; it is none, or belongs to another namespace.
            ConfigurationError: It is no text.
        """
        given: object = text
        require(
            isinstance(given, str),
            "id_from_string() takes the text of an id.",
            expected="64 hex digits",
            actual=text,
            advice="Make the id of a name with  namespace.id_from_name(…)",
        )
        return self._ids.from_string(text)

    def new_unique_id(self) -> ObjectId:
        """A new id, drawn from the host's seed, that no object has yet."""
        while True:
            object_id = self._ids.unique(self._random.randbytes(_UNIQUE_BYTES))
            if not self._files.has_object(object_id.hex):
                return object_id

    def get(self, object_id: ObjectId | str) -> Stub:
        """A new stub for an id.

        Raises:
            ForeignIdError: The id belongs to another namespace.
        """
        if isinstance(object_id, str):
            object_id = self.id_from_string(object_id)
        object_id = getattr(object_id, "object_id", object_id)
        if not isinstance(object_id, ObjectId):
            raise ConfigurationError(
                f"get() takes an id, not {object_id!r}.\n\n"
                "Make one with  namespace.id_from_name(…), or take the stub with  namespace.get_by_name(…)"
            )
        if not (is_object_hex(object_id.hex) and self._ids.owns(object_id.hex)):
            raise ForeignIdError(
                f"The id {object_id.hex[:8]}… does not belong to the namespace {self.unique_key!r}.\n\n"
                f"  name of the id  {object_id.name!r}\n\n"
                f"Make it with this namespace:  namespace.id_from_name({object_id.name or '…'!r})"
            )
        return Stub(self, object_id, self._connect(self.unique_key, object_id))

    def get_by_name(self, name: str) -> Stub:
        """A new stub for the object of that name."""
        return self.get(self.id_from_name(name))

    def list_ids(self) -> list[str]:
        """Hex ids of all objects that have a file, sorted. ``metadata.sqlite`` and side files do not count."""
        return self._files.object_ids()

    def files(self) -> list[str]:
        """Names of all files of the namespace, sorted."""
        return self._files.all_files()

    def object_files(self) -> list[str]:
        """Names of the database files of objects and facets, sorted."""
        return self._files.object_files()

    # The platform's names for the same things.
    idFromName = id_from_name  # noqa: N815
    idFromString = id_from_string  # noqa: N815
    getByName = get_by_name  # noqa: N815

    def newUniqueId(self, _options: Any = None) -> ObjectId:  # noqa: N802
        """See ``new_unique_id``."""
        return self.new_unique_id()


def check_own_namespace(namespace: object, host: object) -> None:
    """Make sure that ``namespace`` is one, declared on ``host``.

    Raises:
        ConfigurationError: It is none, or was declared on another host.
    """
    of_another_host = isinstance(namespace, Namespace) and namespace.host is not host
    require(
        isinstance(namespace, Namespace) and not of_another_host,
        f"{namespace!r} {'was declared on another host' if of_another_host else 'is no namespace'}.",
        expected="a namespace of this host",
        actual=namespace,
        advice="Hand over what namespace() gave:  durable.namespace(…)",
    )

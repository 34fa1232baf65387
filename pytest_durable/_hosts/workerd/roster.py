"""Which namespaces a life of the real platform has, and what its objects are called."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.workerd.refusals import second_namespace


@dataclass(frozen=True, slots=True)
class Opened:
    """A namespace of the life that runs."""

    files: NamespaceFiles
    class_name: str
    binding: str


class Roster:
    """The namespaces of the life that runs, by unique key, and the names of objects, which outlive it."""

    def __init__(self) -> None:
        self._opened: dict[str, Opened] = {}
        self._names: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Roster of {self.names() or 'nothing'}>"

    def __iter__(self) -> Iterator[Opened]:
        return iter(tuple(self._opened.values()))

    def __bool__(self) -> bool:
        return bool(self._opened)

    def __getitem__(self, unique_key: str) -> Opened:
        return self._opened[unique_key]

    def names(self) -> str:
        """The unique keys, for messages."""
        return ", ".join(sorted(self._opened))

    def take(self, files: NamespaceFiles, class_name: str, binding: str) -> None:
        """Hold the directory of a namespace until ``let_go``; raises what ``NamespaceFiles.hold`` raises.

        Raises:
            UnsupportedOnHostError: The class has a namespace already: the platform finds them by their class.
        """
        if any(each.class_name == class_name for each in self):
            raise second_namespace(class_name)
        files.hold()
        self._opened[files.unique_key] = Opened(files, class_name, binding)

    def let_go(self, *, discard: bool) -> None:
        """The life is over: give the directories back, emptied if nothing is to stay."""
        opened, self._opened = self._opened, {}
        for each in opened.values():
            each.files.let_go()
            if discard:
                each.files.discard()

    def know(self, actor_hex: str, name: str | None) -> None:
        """Remember the name of an object, which the platform does not tell with its events."""
        if name is not None:
            self._names[actor_hex] = name

    def key_of(self, class_name: str, actor_hex: str) -> ObjectKey:
        """The object of a class and an id."""
        key = next((key for key, each in self._opened.items() if each.class_name == class_name), class_name)
        return ObjectKey(key, actor_hex, self._names.get(actor_hex))

    def label(self, key: ObjectKey) -> str:
        """How messages call an object."""
        opened = self._opened.get(key.namespace)
        return str(key) if opened is None else key.label(opened.binding)

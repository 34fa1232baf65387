"""``FormData``.

Source: the WHATWG's XMLHttpRequest standard; workerd api/form-data.c++.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from pytest_durable._core.actor import ABSENT
from pytest_durable._core.http import FormEntry
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsIterator
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull
from pytest_durable._surfaces.wrapped.references import Copied
from pytest_durable._surfaces.wrapped.web.blobs import JsBlob, blob_of
from pytest_durable._surfaces.wrapped.web.interfaces import Interface, array, is_absent, text, text_argument


class Fields:
    """The fields of one form."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[FormEntry]) -> None:
        self.entries = entries


class JsFormData(JsProxy, Copied):
    """The fields of a form: a name may come several times, and a value is a text or a file."""

    _kind = "FormData"
    _target: Fields

    def append(self, name: Any = ABSENT, value: Any = ABSENT, filename: Any = None) -> None:
        """Add a field."""
        self._target.entries = [*self._target.entries, self._entry("append", name, value, filename)]

    def set(self, name: Any = ABSENT, value: Any = ABSENT, filename: Any = None) -> None:
        """Let the name have this value alone, where its first one was."""
        entry = self._entry("set", name, value, filename)
        places = [place for place, other in enumerate(self._target.entries) if other.name == entry.name]
        entries = [other for place, other in enumerate(self._target.entries) if place not in places[1:]]
        if places:
            entries[places[0]] = entry
        else:
            entries.append(entry)
        self._target.entries = entries

    def delete(self, name: Any = ABSENT) -> None:
        """Take out every field of the name."""
        key = text_argument(self._kind, "delete", 1, name)
        self._target.entries = [entry for entry in self._target.entries if entry.name != key]

    def get(self, name: Any = ABSENT) -> Any:
        """The first value of the name; null if there is none."""
        return next(iter(self._values_of("get", name)), jsnull)

    def getAll(self, name: Any = ABSENT) -> JsArray:
        """Each value of the name."""
        return array(self._values_of("getAll", name))

    def has(self, name: Any = ABSENT) -> bool:
        """Whether the name is there."""
        key = text_argument(self._kind, "has", 1, name)
        return any(entry.name == key for entry in self._target.entries)

    def keys(self) -> JsIterator:
        """The names, as often as they come."""
        return JsIterator(entry.name for entry in self._target.entries)

    def values(self) -> JsIterator:
        """The values."""
        return JsIterator(map(_shown, self._target.entries))

    def entries(self) -> JsIterator:
        """Arrays of name and value."""
        return JsIterator(array((entry.name, _shown(entry))) for entry in self._target.entries)

    def forEach(self, callback: Callable[..., object], _this: Any = None) -> None:
        """Call ``callback`` with each value, its name, and the form."""
        for entry in self._target.entries:
            callback(_shown(entry), entry.name, self)

    def __copied__(self) -> Fields:
        return Fields(self._target.entries)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.entries())

    def __contains__(self, name: object) -> bool:
        return self.has(name)

    def _values_of(self, method: str, name: Any) -> list[Any]:
        key = text_argument(self._kind, method, 1, name)
        return [_shown(entry) for entry in self._target.entries if entry.name == key]

    def _entry(self, method: str, name: Any, value: Any, filename: Any) -> FormEntry:
        key = text_argument(self._kind, method, 1, name)
        if not isinstance(value, JsBlob):
            return FormEntry(key, text_argument(self._kind, method, 2, value))
        content = value._target
        # A blob without a name gets that of its field (asked of the binary).
        told = (content.name or key) if is_absent(filename) else text(filename)
        return FormEntry(key, replace(content, name=told))


def _shown(entry: FormEntry) -> Any:
    return entry.value if isinstance(entry.value, str) else blob_of(entry.value)


def _new() -> JsFormData:
    return JsFormData(Fields([]))


FORM_DATA: Final = Interface("FormData", _new)

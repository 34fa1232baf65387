"""``FormData`` of the SDK.

Source: workers-runtime-sdk workers/formdata.py.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from pytest_durable._surfaces.wrapped.http.blobs import Blob, blob_from_platform
from pytest_durable._surfaces.wrapped.references import Sendable
from pytest_durable._surfaces.wrapped.web.blobs import JsBlob
from pytest_durable._surfaces.wrapped.web.forms import FORM_DATA, Fields, JsFormData


class FormData(MutableMapping[str, Any], Sendable):
    """The fields of a form: a name may come several times, and a value is a text, a ``Blob`` or a ``File``.

    Args:
        form_data: A dict, or the platform's own.

    Raises:
        TypeError: It is neither.
    """

    def __init__(self, form_data: Any = None) -> None:
        if isinstance(form_data, JsFormData):
            self._object = form_data
            return
        if form_data and not isinstance(form_data, dict):
            raise TypeError("Expected form_data to be a dict or an instance of FormData")
        self._object = FORM_DATA.new()
        for name, value in (form_data or {}).items():
            self.append(name, value)

    def __getitem__(self, key: str) -> Any:
        return _to_python(self._object.get(key))

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list):
            raise TypeError("Expected single item in arguments to FormData.__setitem__")
        self._object.set(key, _to_platform(value))

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return self._object.has(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._object.keys())

    def __len__(self) -> int:
        return len(list(self._object.keys()))

    def append(self, key: str, value: Any, filename: str | None = None) -> None:
        """Add a field."""
        self._object.append(key, _to_platform(value), filename)

    def delete(self, key: str) -> None:
        """Take out every field of the name."""
        self._object.delete(key)

    def get_all(self, key: str) -> list[Any]:
        """Each value of the name."""
        return [_to_python(value) for value in self._object.getAll(key)]

    # Not views: in production they are generators, and a name that comes twice is listed twice.

    def keys(self) -> Iterator[str]:  # type: ignore[override]
        """The names, as often as they come."""
        yield from self._object.keys()

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        """The values."""
        for value in self._object.values():
            yield _to_python(value)

    def items(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]
        """Names and values."""
        for name, value in self._object.entries():
            yield name, _to_python(value)

    @property
    def js_object(self) -> JsFormData:
        """The platform's own."""
        return self._object

    def __to_wire__(self) -> object:
        return self._object.__to_wire__()


def _to_platform(value: Any) -> Any:
    return value.js_object if isinstance(value, Blob) else value


def _to_python(value: Any) -> Any:
    return blob_from_platform(value) if isinstance(value, JsBlob) else value


def form_from_wire(fields: Fields) -> FormData:
    """The form a receiver gets."""
    return FormData(JsFormData(fields))

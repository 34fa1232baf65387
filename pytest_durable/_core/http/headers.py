"""Headers: names in any case, several values to a name, and a list of cookies that is never joined.

Source: the WHATWG's Fetch standard; workerd api/headers.c++, whose texts were asked of the binary.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from pytest_durable._core.platform_errors import type_error

COOKIE: Final = "set-cookie"
#: The platform takes the empty name, too.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_SPACE: Final = " \t\r\n"

HeadersInit: TypeAlias = "Headers | Mapping[str, str] | Iterable[tuple[str, str]]"


class Headers(Mapping[str, str]):
    """Headers, by lower-case name in the order of names; several values of one name read as one, joined.

    Args:
        init: Other headers, a mapping, or pairs of name and value.

    Raises:
        PlatformError: TypeError; a name or value is none.
    """

    __slots__ = ("_values", "is_immutable")

    def __init__(self, init: HeadersInit = ()) -> None:
        self._values: dict[str, list[str]] = {}
        self.is_immutable = False
        if isinstance(init, Headers):
            self._values = {name: list(values) for name, values in init._values.items()}
            return
        for name, value in init.items() if isinstance(init, Mapping) else init:
            self.append(name, value)

    def __repr__(self) -> str:
        return f"Headers({self.pairs()!r})"

    def frozen(self) -> "Headers":
        """A copy that refuses to be changed; what is frozen already is its own."""
        if self.is_immutable:
            return self
        copy = Headers(self)
        copy.is_immutable = True
        return copy

    # -- reading

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def get_all(self, name: str) -> list[str]:
        """Each value of the name, in the order in which they came."""
        return list(self._values.get(name.lower(), ()))

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value as they are iterated: each cookie is a pair of its own."""
        return [
            (name, value)
            for name, values in sorted(self._values.items())
            for value in (values if name == COOKIE else (", ".join(values),))
        ]

    # -- changing

    def append(self, name: str, value: str) -> None:
        """Add a value.

        Raises:
            PlatformError: TypeError.
        """
        key = self._to_change(name)
        self._values.setdefault(key, []).append(_checked_value(value))

    def set(self, name: str, value: str) -> None:
        """Let the name have this value alone.

        Raises:
            PlatformError: TypeError.
        """
        key = self._to_change(name)
        self._values[key] = [_checked_value(value)]

    def delete(self, name: str) -> None:
        """Take the name out.

        Raises:
            PlatformError: TypeError.
        """
        self._values.pop(self._to_change(name), None)

    def _to_change(self, name: str) -> str:
        key = checked_name(name)
        if self.is_immutable:
            raise type_error("Can't modify immutable headers.")
        return key


def checked_name(name: str) -> str:
    """The name in small letters.

    Raises:
        PlatformError: TypeError; it is none.
    """
    if _NAME.fullmatch(name) is None:
        raise type_error("Invalid header name.")
    return name.lower()


def _checked_value(value: str) -> str:
    value = value.strip(_SPACE)
    if "\0" in value or "\r" in value or "\n" in value:
        raise type_error("Invalid header value.")
    return value

"""The ``js`` module: the platform's globals, only those that work fully. Unknown names do not exist (spec 4.1).

Source: spec python-workers 4.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pytest_durable._core.actor import milliseconds_of, number_of
from pytest_durable._core.storage.values import HOLE, JSDate, JSMap, date_from_milliseconds
from pytest_durable._surfaces.console import console
from pytest_durable._surfaces.modules import ModuleContent
from pytest_durable._surfaces.now import now_ms
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsDate, JsMap, JsObject, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.json_text import json_text
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.stubs import RawEnv
from pytest_durable._surfaces.wrapped.to_js import object_from_entries
from pytest_durable._surfaces.wrapped.web import WEB
from pytest_durable._surfaces.wrapped.web.sockets import (
    RawWebSocketPair,
    WebSocket,
    WebSocketPair,
    WebSocketRequestResponsePair,
)

_DATE_MS_MAX: Final = 8.64e15

#: What the platform has besides (spec 4).
_LATER: Final = frozenset(
    {
        *("ArrayBuffer", "DataView", "Error"),
        *("HTMLRewriter", "Number", "Promise", "RegExp", "Set"),
        *("TypeError", "Uint8Array"),
        *("atob", "btoa", "caches", "clearInterval"),
        *("clearTimeout", "crypto", "eval", "globalThis", "navigator", "performance", "queueMicrotask"),
        *("scheduler", "setInterval", "setTimeout", "structuredClone"),
    }
)


class Date:
    """``Date``: made by ``new``, never by calling."""

    @staticmethod
    def now() -> int:
        """Milliseconds since the epoch."""
        return now_ms()

    @staticmethod
    def new(*args: Any) -> JsDate:
        """Now; or the instant of a number of ms, a text, a Date; or local year, month (from 0), day, hour …"""
        if not args:
            return _date(float(now_ms()))
        return _date(_milliseconds(args[0]) if len(args) == 1 else _from_parts(args, local=True))

    @staticmethod
    def parse(text: Any) -> float:
        """Milliseconds of an ISO text; NaN if it is none."""
        return _plain(_parsed(str(text)))

    @staticmethod
    def UTC(*args: Any) -> float:
        """Milliseconds of year, month (from 0), day, hour … in UTC."""
        return _plain(_from_parts(args, local=False))


def _date(milliseconds: float) -> JsDate:
    if not abs(milliseconds) <= _DATE_MS_MAX:
        return JsDate(JSDate(math.nan))
    return JsDate(date_from_milliseconds(math.trunc(milliseconds)))


def _plain(milliseconds: float) -> float:
    return int(milliseconds) if math.isfinite(milliseconds) else math.nan


def _milliseconds(value: Any) -> float:
    wire = value if isinstance(value, datetime) else wire_of(value)
    if isinstance(wire, datetime | JSDate):
        return value.timestamp() * 1000 if isinstance(value, datetime) else milliseconds_of(wire)
    return _parsed(wire) if isinstance(wire, str) else number_of(wire)


def _parsed(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    if moment.tzinfo is None and "T" not in text and " " not in text:
        moment = moment.replace(tzinfo=UTC)  # a day without time is UTC, with a time it is local
    return math.floor(moment.timestamp() * 1000)


def _from_parts(parts: tuple[Any, ...], *, local: bool) -> float:
    numbers = [number_of(wire_of(part)) for part in parts[:7]]
    if not all(math.isfinite(number) for number in numbers):
        return math.nan
    year, month, day, hour, minute, second, ms = [
        *map(math.trunc, numbers),
        *(0, 0, 1, 0, 0, 0, 0)[len(numbers) :],
    ]
    if 0 <= year <= 99:
        year += 1900
    try:
        first = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=None if local else UTC)
    except ValueError:
        return math.nan
    return first.timestamp() * 1000 + ((((day - 1) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms


class Object:
    """``Object``."""

    fromEntries = staticmethod(object_from_entries)

    @staticmethod
    def new(**members: Any) -> JsObject:
        """A plain object with these members."""
        return JsObject({name: wire_of(value) for name, value in members.items()})

    @staticmethod
    def keys(target: Any) -> JsArray:
        """The names of the members."""
        if isinstance(target, RawEnv):  # its values are made when they are asked for
            return target.object_keys()
        return JsArray(list(_members(target)))

    @staticmethod
    def values(target: Any) -> JsArray:
        """The values of the members."""
        return JsArray(list(_members(target).values()))

    @staticmethod
    def entries(target: Any) -> JsArray:
        """Name and value of each member."""
        return JsArray([[name, value] for name, value in _members(target).items()])

    @staticmethod
    def assign(target: Any, *sources: Any) -> Any:
        """``target`` with the members of the sources added."""
        for source in sources:
            _members(target).update(_members(source))
        return target


def _members(target: Any) -> dict[str, object]:
    if isinstance(target, RawWebSocketPair):
        return target._members()
    wire = wire_of(target)
    if isinstance(wire, dict):
        return wire
    if isinstance(wire, list):
        return {str(index): item for index, item in enumerate(wire) if item is not HOLE}
    if isinstance(target, JsProxy):
        return {}
    raise JsException("TypeError", "Cannot convert undefined or null to object")


class Array:
    """``Array``."""

    @staticmethod
    def new(*items: Any) -> JsArray:
        """An array of these items."""
        return JsArray([wire_of(item) for item in items])

    of = new

    @staticmethod
    def from_(source: Any) -> JsArray:
        """An array of what the source yields."""
        return JsArray([wire_of(item) for item in source])

    @staticmethod
    def isArray(value: Any) -> bool:
        """Whether it is an array of the platform; a Python list is not."""
        return isinstance(value, JsArray)


class JSON:
    """``JSON``."""

    @staticmethod
    def parse(text: str) -> Any:
        """The value of a JSON text, as a proxy where it is a container.

        Raises:
            JsException: SyntaxError.
        """
        try:
            return proxy_of(json.loads(text))
        except json.JSONDecodeError as failure:
            raise JsException("SyntaxError", f"{failure} in JSON") from None

    @staticmethod
    def stringify(value: Any) -> str | None:
        """The JSON text of a proxy or primitive; None for ``undefined``."""
        return json_text(value)


class Map:
    """``Map``."""

    @staticmethod
    def new(entries: Any = ()) -> JsMap:
        """A Map of these pairs of key and value."""
        made = JsMap(JSMap())
        for key, value in entries:
            made[key] = value
        return made


def contents() -> Mapping[str, ModuleContent]:
    """The module, by name."""
    return {
        "js": ModuleContent(
            doc="The platform's globals.",
            members={
                **WEB,
                "Array": Array,
                "Date": Date,
                "JSON": JSON,
                "Map": Map,
                "Object": Object,
                "WebSocket": WebSocket,
                "WebSocketPair": WebSocketPair,
                "WebSocketRequestResponsePair": WebSocketRequestResponsePair,
                "console": console,
                "undefined": None,
            },
            later=_LATER,
        )
    }

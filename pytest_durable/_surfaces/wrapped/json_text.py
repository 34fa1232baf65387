"""The JSON text of what the platform holds."""

import json
import math
from datetime import datetime
from typing import Any

from pytest_durable._core.storage.values import HOLE, UNDEFINED, JSDate
from pytest_durable._surfaces.wrapped.data_proxies import JsDate
from pytest_durable._surfaces.wrapped.proxies import wire_of


def json_text(value: Any) -> str | None:
    """The JSON text of a proxy or primitive; None for ``undefined``."""
    wire = wire_of(value)
    return None if wire is UNDEFINED else json.dumps(_jsonable(wire), separators=(",", ":"), ensure_ascii=False)


def _jsonable(wire: Any) -> Any:
    if isinstance(wire, dict):
        return {name: _jsonable(item) for name, item in wire.items() if item is not UNDEFINED}
    if isinstance(wire, list):
        return [None if item is UNDEFINED or item is HOLE else _jsonable(item) for item in wire]
    if isinstance(wire, datetime):
        return JsDate(wire).toISOString()
    if isinstance(wire, float):
        return None if not math.isfinite(wire) else int(wire) if wire.is_integer() else wire
    # A Map, a Set or an invalid Date has no members that JSON would show.
    return wire if wire is None or isinstance(wire, bool | int | str) else None if isinstance(wire, JSDate) else {}

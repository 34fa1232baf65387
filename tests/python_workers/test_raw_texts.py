"""Python objects where the platform wants text, and the SDK hands them on as they are: Pyodide shows them by ``str``.

The expected texts are Pyodide's own; ``tests/support/raw_texts.mjs`` makes the table anew.
"""

import json
import uuid
from decimal import Decimal
from pathlib import Path

import js
import pytest
from pyodide.ffi import create_proxy, to_js
from workers import DurableObject

from pytest_durable import PlatformError
from pytest_durable._core.actor import text_of
from pytest_durable._surfaces.wrapped.proxies import wire_of
from support import raw_texts

TEXTS = json.loads(Path(__file__).with_name("raw_texts.json").read_text(encoding="utf-8"))
REASONS = [(ValueError("v"), "v"), ({"a": 1}, "{'a': 1}"), ([1, 2], "[1, 2]"), (Decimal(7), "7"), (True, "true")]

pytestmark = pytest.mark.durable(storage="memory")


class Room(DurableObject):
    async def whoami(self):
        return self.ctx.id.name

    async def give_up(self, number):
        self.ctx.abort(REASONS[number][0])


class Keeper(DurableObject):
    async def keep(self):
        await self.ctx.storage.put("kept", True)


@pytest.mark.parametrize("expression", TEXTS)
def test_object_handed_on_raw_has_the_text_that_pyodide_gives_it(expression):
    assert text_of(wire_of(eval(expression, vars(raw_texts)))) == TEXTS[expression]


async def test_names_of_objects_are_the_str_of_what_python_code_gives(durable, inside):
    """DO-2.2"""
    durable.namespace(Room)
    names = [uuid.UUID(int=1), uuid.UUID(int=2), Decimal(7), 7, None]

    async def body(self):
        by_name = [await self.env.ROOM.getByName(name).whoami() for name in names]
        return by_name, [self.env.ROOM.idFromName(name).name for name in names]

    expected = [str(names[0]), str(names[1]), "7", "7", "undefined"]
    assert await inside(body) == (expected, expected)


async def test_id_is_found_by_the_id_itself(durable, inside):
    durable.namespace(Room)

    def body(self):
        room = self.env.ROOM.idFromName("a")
        return room.equals(self.env.ROOM.idFromString(room))

    assert await inside(body)


@pytest.mark.parametrize("number", range(len(REASONS)))
async def test_reason_of_an_abort_is_the_str_of_what_python_code_gives(durable, number):
    """PW-1.20"""
    with pytest.raises(PlatformError) as caught:
        await durable.namespace(Room).get_by_name("a").give_up(number)
    assert caught.value.message == REASONS[number][1]


async def test_object_whose_str_raises_raises_that_at_the_call(durable, inside):
    durable.namespace(Room)

    class Unspeakable:
        def __str__(self):
            raise LookupError("no words")

    with pytest.raises(LookupError, match="no words"):
        await inside(lambda self: self.env.ROOM.getByName(Unspeakable()))


async def test_key_of_a_transaction_is_the_str_of_what_python_code_gives(durable, inside):
    """PW-2.10"""
    key = uuid.UUID(int=1)

    async def body(self):
        await self.ctx.storage.put(str(key), "found")
        return await self.ctx.storage.transaction(lambda txn: txn.get(key))

    assert await inside(body) == "found"


async def test_name_of_a_facet_is_the_str_of_what_python_code_gives(durable, inside):
    """DO-1.7.1"""

    async def body(self):
        start = create_proxy(lambda: to_js({"class": Keeper}, dict_converter=js.Object.fromEntries))
        await self.ctx.facets.get(Decimal(7), start).keep()

    await inside(body)
    assert durable.stored(durable.namespace("PROBE").get_by_name("probe"), facet="7").kv == {"kept": True}

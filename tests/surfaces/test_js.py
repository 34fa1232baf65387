"""The ``js`` module, as far as it is built: spec python-workers 4."""

import datetime as dt
import math
from typing import Any

import pytest
import time_machine

from pytest_durable._surfaces.js import JSON, Array, Date, Map, Object
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsDate, JsObject
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import jsnull
from support.surfaces import hosted, inside


class TestDate:
    def test_now_is_the_objects_clock_in_whole_milliseconds(self) -> None:
        # PW-4.T1.5
        def body(instance: Any) -> list[Any]:
            return [Date.now(), Date.new().getTime()]

        assert inside(body) == [1893456000000, 1893456000000]

    def test_now_moves_with_the_clock(self) -> None:
        # PW-4.2
        class Thing(DurableObject):
            def now(self) -> int:
                return Date.now()

        async def scenario(host: Any) -> Any:
            stub = host.namespace(Thing).get_by_name("a")
            before = await stub.now()
            await host.clock.advance("90s")
            return await stub.now() - before

        assert hosted(scenario) == 90_000

    def test_outside_of_objects_it_is_the_processes_clock(self) -> None:
        with time_machine.travel(dt.datetime(2031, 1, 1, tzinfo=dt.UTC), tick=False):
            assert Date.now() == 1924992000000

    @pytest.mark.parametrize(
        ("args", "milliseconds"),
        [
            ((5,), 5),
            ((1.9,), 1),
            (("2030-01-02T03:04:05.678Z",), 1893553445678),
            (("2030-01-02",), 1893542400000),
            ((Date.new(7),), 7),
            ((dt.datetime(2030, 1, 1, tzinfo=dt.UTC),), 1893456000000),
            ((None,), math.nan),
            (("nonsense",), math.nan),
            ((8.64e15 + 1,), math.nan),
        ],
    )
    def test_a_date_is_made_of_a_number_a_text_or_a_date(self, args: tuple[Any, ...], milliseconds: float) -> None:
        # PW-4.T1.5
        made = Date.new(*args)
        assert isinstance(made, JsDate)
        assert made.getTime() == milliseconds or (math.isnan(made.getTime()) and math.isnan(milliseconds))

    def test_a_date_is_made_of_its_parts(self) -> None:
        assert Date.UTC(2030, 0, 2, 3, 4, 5, 678) == 1893553445678
        assert Date.UTC(2029, 12, 1) == Date.UTC(2030, 0) == 1893456000000
        assert Date.UTC(99, 0) == 915148800000
        local = dt.datetime(2030, 1, 2, 3, 4, 5)
        assert Date.new(2030, 0, 2, 3, 4, 5).getTime() == local.timestamp() * 1000

    def test_text_is_parsed(self) -> None:
        assert Date.parse("2030-01-01T00:00:00Z") == 1893456000000
        assert math.isnan(Date.parse("x"))

    def test_it_is_stored_and_sent_as_a_date(self) -> None:
        async def body(instance: Any) -> None:
            await instance.ctx.storage.put("d", Date.new(1893456000000))
            found = await instance.ctx.storage.get("d")
            assert found == dt.datetime.fromtimestamp(1893456000)

        inside(body)


class TestObject:
    def test_members_can_be_enumerated(self) -> None:
        # PW-4.T1.4
        made = Object.fromEntries([["a", 1], ["b", None]])
        assert list(Object.keys(made)) == ["a", "b"]
        assert list(Object.values(made)) == [1, None]
        assert [list(entry) for entry in Object.entries(Array.new("x"))] == [["0", "x"]]

    def test_members_can_be_assigned(self) -> None:
        # PW-4.T1.4
        target = Object.new(a=1)
        assert Object.assign(target, Object.new(b=2)) is target
        assert target.to_py() == {"a": 1, "b": 2}

    def test_nothing_has_no_members(self) -> None:
        with pytest.raises(JsException, match="TypeError: Cannot convert undefined or null to object"):
            Object.keys(None)


class TestJson:
    def test_text_becomes_proxies(self) -> None:
        # PW-4.T1.6
        made = JSON.parse('{"a": [1, null], "b": "x"}')
        assert isinstance(made, JsObject)
        assert (made.a[0], made.a[1], made.b) == (1, jsnull, "x")
        assert JSON.parse("null") is jsnull

    def test_proxies_become_text(self) -> None:
        # PW-4.T1.6
        made = Object.fromEntries([["a", Array.new(1.0, 2.5, None)], ["u", None], ["é", "é"]])
        assert JSON.stringify(made) == '{"a":[1,2.5,null],"é":"é"}'
        assert JSON.stringify(jsnull) == "null"
        assert JSON.stringify(None) is None
        assert JSON.stringify(Date.new(0)) == '"1970-01-01T00:00:00.000Z"'
        assert JSON.stringify(math.nan) == "null"

    def test_what_is_no_json_is_a_syntax_error(self) -> None:
        with pytest.raises(JsException, match="SyntaxError"):
            JSON.parse("{")


def test_arrays_and_maps_can_be_made() -> None:
    # PW-4.T1.9
    assert isinstance(Array.from_(range(2)), JsArray)
    assert Array.of(1, 2).to_py() == [1, 2]
    assert Array.isArray(Array.new())
    assert not Array.isArray([])
    assert Map.new([("a", 1)]).to_py() == {"a": 1}

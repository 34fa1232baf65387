"""Proxies and ``to_js``: spec python-workers 3.1, 3.2, 3.12, as far as they are built."""

from typing import Any

import pytest

from pytest_durable._core.storage.values import UNDEFINED, JSBigInt, JSMap, JSSet, JSTypedArray
from pytest_durable._surfaces.wrapped.buffers import JsTypedArray
from pytest_durable._surfaces.wrapped.data_proxies import (
    JsArray,
    JsBuffer,
    JsDate,
    JsLiteralMap,
    JsMap,
    JsObject,
    JsSet,
    proxy_of,
)
from pytest_durable._surfaces.wrapped.exceptions import ConversionError, JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull, wire_of
from pytest_durable._surfaces.wrapped.to_js import (
    create_once_callable,
    create_proxy,
    destroy_proxies,
    object_from_entries,
    to_js,
)


class TestProxies:
    def test_equality_is_that_of_the_object_behind(self) -> None:
        # PW-3.1 PW-3.2
        target: dict[str, object] = {}
        assert proxy_of(target) == proxy_of(target)
        assert proxy_of(target) is not proxy_of(target)
        assert proxy_of(target) != proxy_of({})
        assert [proxy_of({}), proxy_of(target)].index(proxy_of(target)) == 1
        assert proxy_of(target).js_id == proxy_of(target).js_id

    @pytest.mark.parametrize("proxy", [JsObject({}), JsArray([]), JsMap(JSMap())])
    def test_a_proxy_is_unhashable(self, proxy: object) -> None:
        # PW-3.1
        with pytest.raises(TypeError, match=r"^unhashable type: 'pyodide.ffi.JsProxy'$"):
            hash(proxy)

    @pytest.mark.parametrize(
        ("wire", "truth"),
        [({}, True), ([], False), ([0], True), (JSMap(), False), (JSSet(), False), (b"", False), (b"\0", True)],
    )
    def test_truth_is_that_of_the_content(self, wire: object, truth: bool) -> None:
        # PW-3.5
        assert bool(proxy_of(wire)) is truth

    @pytest.mark.parametrize(
        ("wire", "text"),
        [({}, "[object Object]"), ([1, [2, 3]], "1,2,3"), (JSMap(), "[object Map]"), (JSSet(), "[object Set]")],
    )
    def test_its_text_is_the_platforms(self, wire: object, text: str) -> None:
        # PW-3.6
        assert str(proxy_of(wire)) == repr(proxy_of(wire)) == text

    def test_members_of_an_object_are_attributes(self) -> None:
        # PW-3.1 PW-3.3 PW-3.4
        proxy = JsObject({"a": {"b": 1}, "n": None, "u": UNDEFINED})
        assert (proxy.a.b, proxy.n, proxy.u) == (1, jsnull, None)
        proxy.c = 5
        del proxy.a
        assert list(proxy.object_keys()) == ["n", "u", "c"]
        assert list(proxy.object_values()) == [jsnull, None, 5]
        assert [list(entry) for entry in proxy.object_entries()][2] == ["c", 5]
        assert proxy.constructor.name == "Object"
        with pytest.raises(AttributeError, match=r"^nope$"):
            proxy.nope
        with pytest.raises(TypeError):
            proxy["c"]
        with pytest.raises(TypeError):
            iter(proxy)

    def test_an_array_is_a_mutable_sequence(self) -> None:
        # PW-3.4
        proxy = JsArray([1, 2, 3])
        proxy.append(4)
        proxy[0] = 9
        del proxy[1]
        assert (list(proxy), len(proxy), proxy[-1], 3 in proxy) == ([9, 3, 4], 3, 4, True)
        assert isinstance(proxy[1:], JsArray)
        assert proxy.to_py() == [9, 3, 4]

    def test_a_map_answers_by_key(self) -> None:
        # PW-3.4
        proxy = JsMap(JSMap({"a": 1}))
        proxy["b"] = 2
        del proxy["a"]
        assert (proxy["b"], proxy.get("a"), proxy.has("b"), len(proxy), proxy.size) == (2, None, True, 1, 1)
        assert list(proxy) == ["b"]
        assert list(proxy.items()) == [("b", 2)]
        assert proxy.to_py() == {"b": 2}

    def test_a_buffer_gives_its_bytes(self) -> None:
        proxy = proxy_of(JSTypedArray("Uint8Array", b"ab"))
        assert isinstance(proxy, JsBuffer)
        assert (proxy.byteLength, proxy.to_bytes(), proxy.to_string()) == (2, b"ab", "ab")
        assert proxy.to_py() == memoryview(b"ab")
        assert proxy.constructor.name == "Uint8Array"

    def test_to_py_goes_as_deep_as_it_is_told(self) -> None:
        # PW-3.3
        nested = JsObject({"a": [{"b": 1}], "s": JSSet([1])})
        assert nested.to_py() == {"a": [{"b": 1}], "s": {1}}
        shallow: Any = nested.to_py(depth=1)
        assert isinstance(shallow["a"], JsArray)
        assert isinstance(shallow["s"], JsSet)

    def test_jsnull_is_false_and_not_none(self) -> None:
        # PW-3.3.T1.5
        assert not jsnull
        assert jsnull is not None
        assert repr(jsnull) == "jsnull"

    @pytest.mark.parametrize(
        ("value", "wire"),
        [(None, UNDEFINED), (jsnull, None), (5, 5), (2**53, JSBigInt(2**53)), ("x", "x"), (True, True)],
    )
    def test_primitives_cross_as_they_are(self, value: object, wire: object) -> None:
        # PW-2.10
        assert wire_of(value) == wire
        assert type(wire_of(value)) is type(wire)


class TestToJs:
    @pytest.mark.parametrize("value", ["x", True, 5, 2.5, None, 2**60])
    def test_primitives_stay(self, value: object) -> None:
        # PW-3.2.T1.1 PW-3.2.T1.2
        assert to_js(value) is value

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ([1], JsArray),
            ((1,), JsArray),
            ({1}, JsSet),
            ({"a": 1}, JsLiteralMap),
            (b"x", JsTypedArray),
            (bytearray(b"x"), JsTypedArray),
        ],
    )
    def test_containers_become_proxies(self, value: object, kind: type) -> None:
        # PW-3.2.T1.4-6 PW-3.2.T1.9
        assert type(to_js(value)) is kind

    def test_a_proxy_stays(self) -> None:
        # PW-3.2.T1.10
        proxy = to_js([1])
        assert to_js(proxy) is proxy

    def test_anything_else_comes_back_as_itself(self) -> None:
        # PW-3.2.T1.11
        thing = object()
        assert to_js(thing).unwrap() is thing
        assert to_js([thing])[0] is thing

    def test_a_dict_converter_makes_objects(self) -> None:
        # PW-3.2.T1.8
        made = to_js({"a": {"b": [1]}}, dict_converter=object_from_entries)
        assert isinstance(made, JsObject)
        assert made.a.b[0] == 1

    def test_shared_and_cyclic_references_stay_so(self) -> None:
        shared: list[object] = [1]
        made = to_js([shared, shared])
        assert made[0] == made[1]
        cyclic: list[object] = []
        cyclic.append(cyclic)
        looped = to_js(cyclic)
        assert looped[0] == looped

    def test_depth_limits_the_conversion(self) -> None:
        inner = [1]
        assert to_js([inner], depth=1)[0] is inner

    def test_a_default_converter_is_asked_for_the_rest(self) -> None:
        made = to_js([1j], default_converter=lambda value, convert, cache: convert([value.real, value.imag]))
        assert made.to_py() == [[0, 1]]

    def test_an_eager_converter_is_asked_first(self) -> None:
        made = to_js(
            [(1,)], eager_converter=lambda value, convert, cache: "t" if isinstance(value, tuple) else convert(value)
        )
        assert made.to_py() == ["t"]

    def test_without_pyproxies_the_rest_is_refused(self) -> None:
        with pytest.raises(ConversionError):
            to_js([object()], create_pyproxies=False)

    def test_a_key_must_be_text_or_number(self) -> None:
        with pytest.raises(ConversionError, match=r"Cannot use \(1,\) as a key for a Javascript Map"):
            to_js({(1,): 1})

    @pytest.mark.parametrize("entries", [to_js([["a", 1]]), [["a", 1]], to_js({"a": 1})])
    def test_objects_are_made_from_entries(self, entries: object) -> None:
        # PW-3.2.P
        assert object_from_entries(entries).a == 1

    def test_what_is_no_entry_is_refused(self) -> None:
        with pytest.raises(JsException, match="TypeError: Iterator value 5 is not an entry object"):
            object_from_entries(to_js([5]))


class TestCreateProxy:
    def test_it_stands_for_the_object(self) -> None:
        # PW-3.3.T1.1
        proxy = create_proxy(len)
        assert proxy([1, 2]) == 2
        assert proxy.unwrap() is len
        assert proxy.copy().unwrap() is len
        assert create_proxy("x").upper() == "X"

    def test_a_proxy_of_the_platform_stays(self) -> None:
        proxy = to_js([1])
        assert create_proxy(proxy) is proxy
        assert isinstance(proxy, JsProxy)

    def test_it_is_useless_once_destroyed(self) -> None:
        # PW-3.3.T1.1
        proxy = create_proxy(len)
        destroy_proxies(to_js([proxy]))
        with pytest.raises(JsException, match="already been destroyed"):
            proxy([1])

    def test_a_once_callable_works_once(self) -> None:
        # PW-3.3.T1.2
        proxy = create_once_callable(len)
        assert proxy([1]) == 1
        with pytest.raises(JsException, match="OnceProxy can only be called once"):
            proxy([1])


def test_a_date_proxy_tells_the_time() -> None:
    import datetime as dt

    proxy = proxy_of(dt.datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC))
    assert isinstance(proxy, JsDate)
    assert proxy.getTime() == proxy.valueOf() == 1893553445678
    assert proxy.toISOString() == "2030-01-02T03:04:05.678Z"

"""What Pyodide 0.28.2 and the SDK 1.9.5 make of values: expressions, and how their values are described.

The same file is executed by the real Pyodide (``tools/conversion_tables/make.mjs``), which writes the golden table, and
by the tests, which compare. So it imports nothing but what both have, and each expression is evaluated with the names
of ``pyodide.ffi``, ``js``, and the functions ``rpc`` (send and receive) and ``received`` (receive a value of the
platform).
"""

# Lines are as long as the expressions are.
# ruff: noqa: E501

import datetime
import enum
import re

#: PW-3.1 to 3.7, PW-4: what the bridge and the globals do.
BRIDGE = r"""\
js.Error.new("x")
isinstance(js.Error.new("x"), JsProxy)
js.Error.new("x").constructor.name
js.Error.new("x").name
js.Error.new("x").toString()
js.TypeError.new("x").constructor.name
str(js.Error.new("x"))
js.Error.new("x").cause
js.Date
isinstance(js.Date, JsProxy)
isinstance(js.Date, JsCallable)
js.Date.typeof
js.Date.constructor.name
js.Date.name
js.Date.new(0)
str(js.Date.new(0))
js.Date.new(0).to_py()
js.Number("5")
js.Number.new(5)
js.Number.new(5).valueOf()
js.Number.new(5).constructor.name
js.Number.new(5).to_py()
js.Object.new()
js.Object.new(a=1).a
js.Object.fromEntries([["a",1]])
js.Object.fromEntries({"a":1})
js.Object.fromEntries(to_js({"a":1})).a
js.Object.keys(to_js([1,2]))
js.Object.new() == js.Object.new()
hash(js.Object.new())
js.Object.new()['a']
iter(js.Object.new())
len(js.Object.new())
bool(js.Object.new())
js.Object.new().foo
getattr(js.Object,'is')(1,1)
js.Object.is_(1,1)
js.Array.new(3)
js.Array.new(1,2)
len(js.Array.new(3))
js.Array.from_([1,2])
js.Array.from_("ab")
js.Array.isArray([1])
js.Array.isArray(to_js([1]))
to_js([1,2,3])[0:2]
to_js([1,2,3])[-1]
to_js([1,2,3])[7]
to_js([1,2,3]).length
to_js([1,2,3]).push(4)
to_js([1,2,3]).map(lambda x,*_: x+1)
to_js([1,2,3]).join('-')
to_js([1,2,3]).index(2)
to_js([1,2,3]).indexOf(2)
to_js([3,1,2]).sort()
to_js([1,2,3]).reverse()
to_js([1,2,3]).includes(2)
to_js([1,2,3]).slice(1)
to_js([1,2,3]).concat(to_js([4]))
to_js([1,2]) + to_js([3])
to_js([1,2]) + [3]
to_js([1,2]) * 2
to_js([1,2]).at(-1)
to_js({'a':1})['a']
to_js({'a':1})['b']
to_js({'a':1}).a
to_js({'a':1}).get('a')
to_js({'a':1}).get('b')
to_js({'a':1}).get('b', 5)
list(to_js({'a':1}))
list(to_js({'a':1}).keys())
list(to_js({'a':1}).items())
to_js({'a':1}).keys()
to_js({'a':1}).values()
to_js({'a':1}).entries()
to_js({'a':1}).entries().next()
to_js({'a':1}).keys().next().value
to_js({'a':1}).size
len(to_js({'a':1}))
to_js({'a':1}).pop('a')
to_js({'a':1}).setdefault('b',2)
to_js({'a':1}).update({'c':3})
'a' in to_js({'a':1})
to_js({1}).has(1)
to_js({1}).add(2)
to_js({1}).size
1 in to_js({1})
list(to_js({1,2}))
to_js({1}).values()
to_js({1}).to_py()
to_js((1,2))
to_js(b'abc')
to_js(b'abc').to_py()
to_js(b'abc').to_bytes()
to_js(b'abc').tobytes()
to_js(b'abc').tolist()
to_js(b'abc').to_memoryview()
to_js(b'abc').to_string()
to_js(b'abc').byteLength
to_js(b'abc').length
to_js(b'abc')[0]
len(to_js(b'abc'))
list(to_js(b'abc'))
to_js(b'abc').buffer
to_js(b'abc').buffer.byteLength
to_js(b'abc').buffer.to_py()
to_js(b'abc').subarray(1)
to_js(b'abc').slice(0,1)
to_js(bytearray(b'abc'))
to_js(memoryview(b'abc'))
to_js(2**53)
to_js(2**53-1)
js.Number(2**53)
js.Array.of(2**60)[0]
to_js(None)
to_js([lambda: 1])
to_js([lambda: 1])[0]
to_js([object()])[0]
to_js([None])[0]
to_js([jsnull])[0]
to_js([[1]], depth=1)[0]
to_js([object()], create_pyproxies=False)
to_js(object(), create_pyproxies=False)
to_js({'a':{'b':1}}, dict_converter=js.Object.fromEntries)
to_js({'a':{'b':1}}, dict_converter=js.Object.fromEntries).a.b
to_js({(1,2):1})
to_js({1.5:1, True:2, None:3}).to_py()
to_js({(1,2)})
to_js({frozenset()})
js.Object.new(a=to_js([1])).object_keys()
js.Object.new(a=1,b=2).object_values()
js.Object.new(a=1,b=2).object_entries()
js.Object.new(a=1,b=2).as_object_map()
js.Object.new(a=1,b=2).as_object_map()['a']
list(js.Object.new(a=1,b=2).as_object_map())
js.Object.new(a=1,b=2).as_object_map().to_py()
js.Object.new(a=1,b=2).as_py_json()
js.Object.new(a=1,b=2).to_py()
js.Object.new(a=js.Object.new(b=1)).to_py(depth=1)
js.JSON.parse('{"a":null}').to_py()
js.JSON.parse('{"a":null}').a
js.JSON.parse('null')
js.undefined
js.Math.max(1,2)
js.parseInt("12")
js.String(5)
js.Boolean(0)
js.BigInt(5)
js.isNaN(float('nan'))
js.encodeURIComponent("a b")
js.structuredClone(to_js([1]))
js.structuredClone(to_js({'a':1}))
js.structuredClone(lambda: 1)
js.Uint8Array.new(4)
js.Uint8Array.new([1,2])
js.Uint8Array.new(to_js([1,2]))
js.Uint8Array.new(b'ab')
js.Uint8Array.new(js.ArrayBuffer.new(3))
js.ArrayBuffer.new(3)
js.DataView.new(js.ArrayBuffer.new(3))
js.DataView.new(js.ArrayBuffer.new(3)).to_py()
js.Int16Array.new(to_js([1,-2])).to_py()
js.Float64Array.new(to_js([1.5])).to_py().format
js.BigInt64Array.new(to_js([2**60])).to_py()
js.Uint8Array.from_([1,2])
js.Uint8ClampedArray.new(to_js([300])).to_py()[0]
js.RegExp.new("a.", "g")
js.RegExp.new("a.", "g").test("xab")
js.Set.new([1,2])
js.Set.new(to_js([1,2]))
js.Map.new([["a",1]])
jsnull
bool(jsnull)
jsnull == None
jsnull == jsnull
None == jsnull
create_proxy([1])
create_proxy([1]).unwrap()
create_proxy(lambda: 5)()
create_proxy([1])[0]
len(create_proxy([1]))
create_proxy({'a':1}).get('a')
create_proxy([1]) == create_proxy([1])
create_proxy(5)
create_once_callable(lambda: 5)()
destroy_proxies([create_proxy([1])])
js.Object.new(a=1).typeof
to_js([1]).typeof
js.Array.new(1,2).to_py()
list(js.Array.new(3))
js.Date.new(0).getTime()
js.Date.new(1.5).getTime()
js.Date.new(0) == js.Date.new(0)
js.Date.new(2020,1,1)
js.Date.new("x").getTime()
js.Date.new(0).toJSON()
js.Date.new(0) < js.Date.new(1)
js.Date.new(0) - js.Date.new(1)
js.JSON.stringify(js.Object.new(a=1))
js.JSON.stringify(to_js({'a':1}))
js.JSON.stringify({'a':1})
js.JSON.stringify([1])
js.JSON.stringify(js.Object.new(a=1), None, 2)
js.JSON.stringify("x")
js.JSON.parse("[1,2]")
js.Object.assign(js.Object.new(), js.Object.new(a=1)).a
js.Object.keys(None)
js.Object.entries({'a':1})
js.Object.keys({'a':1})
js.Object.freeze(js.Object.new())
js.Object.hasOwn(js.Object.new(a=1), "a")
js.Array.from_(to_js({1,2}))
js.Array.from_(range(3))
js.Array.from_(to_js([1,2]), lambda x, i: x*2)
js.Map.new([["a",1]]).keys()
js.Map.new([["a",1]]).keys().next().value
js.Map.new([["a",1]]).entries().next().done
js.Map.new([["a",1]]).a
js.Map.new([["a",1]]).set("b",2)
js.Map.new([["a",1]]) == js.Map.new([["a",1]])
js.Map.new([["a",1]]).get("z")
js.Map.new([["a",1]])["z"]
js.Map.new([["a",1]]).has("a")
js.Map.new([["a",1]]).delete("a")
js.Map.new([["a",1]]).to_py()
js.Map.new([["a",None],["b",jsnull]]).to_py()
js.Set.new([1,2]).delete(1)
list(js.Set.new([1,1.0,True]))
list(js.Set.new([1,2]).entries())
js.Error.new("x").message
js.Error.new("x", js.Object.new(cause=5)).cause
js.Error.new()
repr(js.RangeError.new("x"))
js.Error("x")
js.Error
js.Object.new(**{"a": [1]}).a
js.Object.new(**{"a": [1]})
js.Object.keys(js.Object.new(a=[1]))
js.Object.assign(js.Object.new(), {"a":1}).a
js.Object.keys("ab")
js.Object.entries(to_js({'a':1}, dict_converter=js.Object.fromEntries)).to_py()
js.Object.values(to_js({'a':1}))
js.Object.values(to_js({'a':1}, dict_converter=js.Object.fromEntries))
js.Object.entries(js.Map.new([["a",1]]))
js.Object.new(a=1).b
setattr(js.Object.new(),'b',[1])
js.Object.new(a=1).hasOwnProperty("a")
js.Object.new(a=1).toString()
js.Object.new(a=1).valueOf()
js.Object.new(a=1).new()
js.Object.new(a=1)()
js.Date.new(0).toISOString()
js.Date.new(0).getFullYear()
js.Date.new(0).getTimezoneOffset()
js.Date.new(float('nan')).toISOString()
js.Date.new(float('nan'))
js.Date.new(__import__('datetime').datetime(2020,1,1))
js.Date.new(None)
js.Date.new(jsnull).getTime()
js.Date.new(True).getTime()
js.Date.new(0).nope
to_js([1,[2,{'a':3}]]).to_py()
to_js({'a':[1,{'b':b'x'}]}).to_py()
to_js({'a':1}).to_py(depth=0)
to_js([js.Date.new(0)]).to_py()
to_js([js.Date.new(0)]).to_py(default_converter=lambda v,c,m: 'D')
js.JSON.parse('{"a":{"b":[1]}}').to_py(default_converter=lambda v,c,m: 'D')
js.Number.new(5).to_py(default_converter=lambda v,c,m: v.valueOf())
to_js([object()], default_converter=lambda v,c,m: 5)[0]
to_js(object(), default_converter=lambda v,c,m: c([1]))
to_js([1,[2]], eager_converter=lambda v,c,m: 7 if v==[2] else c(v))
to_js("x", eager_converter=lambda v,c,m: 7)
to_js({'a':1}, dict_converter=js.Map.new)
to_js({'a':1}, dict_converter=js.Array.from_)
to_js([1], depth=1, pyproxies=js.Array.new())
destroy_proxies(js.Array.new())
destroy_proxies(to_js([create_proxy([1])]))
(lambda a: (to_js([object()], pyproxies=a), len(a), a[0], a.to_py()))(js.Array.new())
(lambda p: (p.destroy(), p.unwrap()))(create_proxy([1]))
(lambda p: (p.destroy(), p()))(create_proxy(lambda: 1))
(lambda p: (p.destroy(), p.destroy()))(create_proxy(lambda: 1))
(lambda p: (p(), p()))(create_once_callable(lambda: 1))
(lambda p: (p.destroy(), p()))(create_once_callable(lambda: 1))
(lambda p: p.copy())(create_proxy([1]))
(lambda p: p.toString())(create_proxy([1]))
(lambda p: p.type)(create_proxy([1]))
create_proxy(js.Object.new())
create_proxy([1]).append(2)
isinstance(create_proxy([1]), JsDoubleProxy)
js.Array.from_(create_proxy([1]))
str(create_proxy([1])), repr(create_proxy("x"))
create_proxy(lambda x: x)(5)
create_proxy(lambda x: x)([5])
js.Object.is_([1],[1])
js.structuredClone(js.Date.new(0))
js.structuredClone(js.Error.new('x'))
js.structuredClone(js.RegExp.new('x'))
js.structuredClone(js.Map.new([["a",1]]))
js.structuredClone(None)
js.structuredClone(5)
js.structuredClone([1])
js.structuredClone({'a':1})
js.structuredClone(object())
js.structuredClone(js.Object.new(a=[1]))
js.RegExp.new("(a)(b)?").exec("xab")
js.RegExp.new("z").exec("x")
js.RegExp.new("a").source
js.RegExp.new("a","gi").flags
js.RegExp.new("a","gi").global_
js.RegExp.new("a","gi").lastIndex
js.RegExp.new("(")
js.RegExp.new("a", "q")
js.Number.MAX_SAFE_INTEGER
js.Number.isInteger(5.0)
js.Number.isInteger("5")
js.Number("x")
js.Number(None)
js.Number(jsnull)
js.Number(True)
js.Number.parseFloat("1.5x")
js.Number.parseInt("12px")
js.Number.isSafeInteger(2**53)
js.Number.EPSILON
js.Number.NaN
js.Number.new(5) + 1
js.Number.new(5).toFixed(2)
js.Number.new("7").valueOf()
bool(js.Number.new(0))
js.String.new("ab").length
js.String.new("ab")
js.String(None), js.String(jsnull), js.String(True), js.String(1.5), js.String(1e21), js.String([1,2]), js.String(to_js([1,2]))
js.Uint8Array.new(4).fill(7)
js.Uint8Array.new(to_js([1,2,3])).at(-1)
js.Uint8Array.new(to_js([1,2,3])).set(to_js([9]),1)
js.Uint8Array.new(to_js([1,2,3]))[-1]
js.Uint8Array.new(to_js([1,2,3]))[0:2]
js.Uint8Array.new(to_js([1,2,3]))[5]
(lambda a: (a.__setitem__(0, 300), a[0]))(js.Uint8Array.new(2))
(lambda a: (a.__setitem__(0, 1.7), a[0]))(js.Uint8Array.new(2))
(lambda a: (a.__setitem__(0, b'x'), a[0]))(js.Uint8Array.new(2))
(lambda a: (a.assign(b'xy'), a))(js.Uint8Array.new(2))
(lambda a: (a.assign(b'xyz'), a))(js.Uint8Array.new(2))
(lambda a,b: (a.assign_to(b), b))(js.Uint8Array.new(2), bytearray(b'ab'))
js.Uint8Array.new(js.ArrayBuffer.new(8), 2, 3).byteOffset
js.Uint16Array.new(js.ArrayBuffer.new(8), 1)
js.Uint16Array.new(js.ArrayBuffer.new(3))
js.Uint8Array.new(js.ArrayBuffer.new(2), 3)
js.Uint8Array.BYTES_PER_ELEMENT
js.Uint8Array.new(-1)
js.Uint8Array.new("3")
js.Uint8Array.new(None)
js.Uint8Array.new()
js.Uint8Array()
js.Uint8Array.of(1,2)
js.Uint8Array.from_("12")
js.Uint8Array.new(bytearray(b'a'))
js.Uint8Array.new(memoryview(b'abc'))
js.Uint8Array.new(js.Int16Array.new(to_js([257])))
js.Uint8Array.new(to_js([256,-1,1.9,None,"3"])).to_py().tolist()
js.Float32Array.new(to_js([1.1]))[0]
js.BigInt64Array.new(1)[0]
js.ArrayBuffer.new(3).slice(1).byteLength
js.ArrayBuffer.new(3).to_bytes()
js.ArrayBuffer.isView(js.Uint8Array.new(1))
js.ArrayBuffer.new(3).nope
len(js.ArrayBuffer.new(3))
bool(js.ArrayBuffer.new(0)), bool(js.DataView.new(js.ArrayBuffer.new(0))), bool(js.Uint8Array.new(0))
list(js.ArrayBuffer.new(3))
(lambda d: (d.setUint16(0, 258), d.getUint8(0), d.getUint16(0, True)))(js.DataView.new(js.ArrayBuffer.new(4)))
(lambda d: d.getUint16(3))(js.DataView.new(js.ArrayBuffer.new(4)))
js.DataView.new(js.ArrayBuffer.new(4), 1).byteLength
js.DataView.new(5)
js.Uint8Array.new(to_js([1,2])).buffer == js.Uint8Array.new(to_js([1,2])).buffer
(lambda u: u.buffer == u.buffer)(js.Uint8Array.new(2))
(lambda u: (u.subarray(1).fill(9), u))(js.Uint8Array.new(2))
js.Uint8Array.new(2).join('-')
js.Uint8Array.new(to_js([1,2])).map(lambda x,*_: x*2)
js.Uint8Array.new(to_js([1,2])).indexOf(2)
js.isFinite(5), js.parseFloat("1.5"), js.decodeURIComponent("a%20b"), js.encodeURI("a b/é")
js.Math.PI, js.Math.floor(1.7), js.Math.round(2.5), js.Math.abs(-1), js.Math.max(), js.Math.trunc(-1.5)
(lambda thing: to_js(thing).unwrap() is thing)(object())
js.NaN, js.Infinity
js.Object.getOwnPropertyNames(js.Object.new(a=1))
js.Object.fromEntries(js.Map.new([["a",1]])).a
js.Object.fromEntries(5)
js.Object.fromEntries(None)
js.Object.fromEntries([1])
js.Object.fromEntries([[1,2]]).to_py()
js.Object.fromEntries([["a",[1]]]).a
js.Object.fromEntries(to_js([["a",{"b":1}]])).a
js.Object(5)
js.Array.from_(5)
js.Array.from_(None)
js.Array.from_(js.Object.new(length=2))
js.Array.new(-1)
js.Array.new("x")
js.Array.of(7)
js.Array(3)
to_js([1,2,3]).pop()
to_js([1,2,3]).pop(0)
to_js([1,2,3]).shift()
to_js([1,2,3]).forEach(lambda *a: None)
to_js([1,2,3]).filter(lambda x,*_: x>1)
to_js([1,2,3]).find(lambda x,*_: x>1)
to_js([1,2,3]).extend([4])
to_js([1,2,3]).remove(2)
to_js([1,2,3]).remove(9)
to_js([1,2,3]).index(9)
to_js([1,2,3]).count(1)
to_js([1,2,3]).insert(1,5)
to_js([1,2,3]).append([4])
to_js([1,2,3]).clear()
to_js([1,2,3]).copy()
to_js([1,2,3]).entries()
to_js([1,2,3]).keys()
to_js([1,2,3]) == to_js([1,2,3])
to_js([1,2,3])['x']
to_js([1,2,3]).object_keys()
to_js([1,2,3]).splice(0,1)
list(reversed(to_js([1,2])))
(lambda a: (a.__setitem__(5,1), a))(to_js([1]))
(lambda a: (a.__delitem__(0), a))(to_js([1,2]))
(lambda a: (a.__setitem__(slice(0,1),[7,8]), a))(to_js([1,2]))
js.JSON
js.Object.new(a=1).a_
js.JSON.parse("5.0"), js.JSON.parse("1e400"), js.JSON.parse("9007199254740993"), js.JSON.parse("-0")
js.JSON.parse(None)
js.JSON.stringify(None)
js.JSON.stringify(jsnull)
js.JSON.stringify(js.Date.new(0))
js.JSON.stringify(js.Map.new())
js.JSON.stringify(2**60)
js.JSON.stringify(b'ab')
js.JSON.stringify(to_js(b'ab'))
js.JSON.stringify(lambda: 1)
js.JSON.stringify({'a':{'b':(1,2)}})
js.JSON.stringify(object())
js.JSON.stringify(to_js({'a':{'b':(1,2)}}))
js.JSON.stringify(to_js({'a':{'b':(1,2)}}, dict_converter=js.Object.fromEntries))
js.JSON.stringify(js.Error.new("x"))
js.JSON.stringify(js.Number.new(5))
js.JSON.stringify("é\u2028\n")
js.JSON.stringify(float('nan'))
js.JSON.stringify(js.Object.new(a=1), to_js(["a"]))
js.Promise.resolve(1)
js.Error.new("x").constructor.name
isinstance(js.Promise.resolve(1), JsProxy)
""".splitlines()

#: PW-1.6.T1, PW-2.6: a value that is sent, or stored, and comes back.
ROUND_TRIPS = """\
None
[None, {"a": None}, [None]]
True
"text"
Text("text")
5
2**53 - 1
2**53
-(2**53)
2**60
3.0
-0.0
1.5
float("nan")
float("inf")
Level.HIGH
b"bytes"
memoryview(b"bytes")
memoryview(b"abcd").cast("H")
[1, [2]]
{"a": 1}
{"a": {"b": [1]}}
{1: 1, True: 2, None: 3, 1.5: 4, "x": 5}
{2: "b", 1: "a", "c": 3}
{(1, 2): 3}
{frozenset(): 3}
{1, 2}
{None}
{True, "a"}
datetime.datetime(2030, 1, 2, 3, 4, 5, 678901)
datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
ValueError("bad")
KeyError("k")
(1, 2)
[(1, 2)]
{"a": (1, 2)}
bytearray(b"x")
[bytearray(b"x")]
frozenset({1})
datetime.date(2030, 1, 2)
datetime.timedelta(1)
1j
range(3)
(x for x in (1, 2))
Thing()
Thing
[Thing()]
{"a": Thing()}
{1: Thing()}
js.RegExp.new("a")
[js.RegExp.new("a")]
to_js([1, 2])
to_js({"a": 1})
to_js({"a": 1}, dict_converter=js.Object.fromEntries)
to_js({1: 2}, dict_converter=js.Object.fromEntries)
js.Map.new([["a", 1]])
js.Map.new([[1, "a"]])
js.Map.new(to_js([[[1], "a"]]))
js.Set.new([1, 2])
js.Set.new(to_js([[1]]))
js.Date.new(0)
js.Date.new(float("nan")).getTime()
js.Error.new("x")
js.TypeError.new("x")
js.RangeError.new("x")
js.Number.new(5)
js.String.new("x")
js.Uint8Array.new(to_js([1, 2]))
js.Int16Array.new(to_js([1, -2]))
js.Float32Array.new(to_js([1.5]))
js.Float64Array.new(to_js([1.5]))
js.BigInt64Array.new(1)
js.ArrayBuffer.new(2)
js.DataView.new(js.ArrayBuffer.new(2))
js.Uint8Array.new(js.ArrayBuffer.new(8), 2, 3)
js.Object.new(a=jsnull, b=None)
js.undefined
jsnull
js.Array.new(3)
js.Object.new(a=js.Date.new(0))
[js.Error.new("x")]
{"when": datetime.datetime(2030, 1, 2)}
"\\ud800"
""
[]
{}
set()
b""
""".splitlines()


class Text(str):
    """A subclass of str."""


class Level(enum.IntEnum):
    """A subclass of int."""

    HIGH = 3


class Thing:
    """A class of the user's own."""


def describe(value, JsProxy, JsException):
    """A text for ``value`` that is the same wherever the value is."""
    if isinstance(value, JsException):
        return f"error {_line(str(value))}"
    if hasattr(value, "then"):
        return "promise"
    if isinstance(value, JsProxy):
        return f"proxy {value.constructor.name} {_line(str(value))} {bool(value)}"
    if isinstance(value, BaseException):
        return f"{type(value).__name__} {_line(str(value))}"
    if isinstance(value, memoryview):
        return f"memoryview {value.format} {value.tolist()}"
    if isinstance(value, dict):
        items = ", ".join(f"{key!r}: {describe(item, JsProxy, JsException)}" for key, item in value.items())
        return f"{type(value).__name__} {{{items}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} [{', '.join(describe(item, JsProxy, JsException) for item in value)}]"
    if isinstance(value, set):
        return f"set {sorted(describe(item, JsProxy, JsException) for item in value)}"
    if value is None or isinstance(value, bool | int | float | str | bytes | datetime.datetime):
        return f"{type(value).__name__} {value!r}"
    return _line(f"{type(value).__name__} {value!r}")


def outcome(expression, names):
    """What comes of an expression: the description of its value, or of what it raises."""
    try:
        value = eval(expression, names)
        return describe(value, names["JsProxy"], names["JsException"])
    except Exception as failure:
        kind = type(failure).__name__
        text = str(failure)
        return f"raises {kind}: {_line(text)}"


def _line(text):
    return re.sub(r"0x[0-9a-f]+", "0x…", text.partition("\n")[0])[:200]


def table(names):
    """Every expression with its outcome."""
    space = {**globals(), **names}
    rows = {expression: outcome(expression, space) for expression in BRIDGE}
    for expression in ROUND_TRIPS:
        rows[f"rpc({expression})"] = outcome(f"rpc({expression})", space)
    return rows

"""Proxies of all kinds. There is no such module at run time: import the public ones from ``pyodide.ffi``."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, MutableMapping, MutableSequence
from typing import Any, Final, final, overload

class ConversionError(Exception):
    """A Python value has no counterpart on the platform."""

class InternalError(Exception):
    """Something is wrong in the bridge itself. Here nothing raises it; user code may name it."""

class JsException(Exception):
    """An error of the platform or of another object. ``str()`` is ``name: message``.

    Others (``remote``, ``retryable``, ``durableObjectReset``, ``type`` …) are there only if the error has them.
    """

    name: str
    message: str
    stack: str
    def __init__(self, name: str = "Error", message: str = "", **attributes: object) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    @property
    def js_id(self) -> int:
        """The same number for the same error."""

    @property
    def typeof(self) -> str:
        """What the platform's ``typeof`` says."""

    @property
    def constructor(self) -> Constructor:
        """Only its ``name``."""

    def toString(self) -> str:
        """The text of ``str()``."""

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """The error itself; a ``default_converter`` may make something else of it."""

class JsNull:
    """The type of ``jsnull``."""

    def __bool__(self) -> bool: ...

IN_BROWSER: bool
jsnull: Final[JsNull]

@final
class JsBigInt(int):
    """An integer that is a BigInt of the platform, whatever its size."""

class Constructor:
    """What ``constructor`` of a proxy tells."""

    name: str
    def __init__(self, name: str) -> None: ...

class JsProxy:
    """A Python handle on an object of the platform. Not hashable; ``==`` compares what it stands for."""

    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    def __bool__(self) -> bool: ...
    @property
    def js_id(self) -> int:
        """The same number for each proxy of the same object."""

    @property
    def typeof(self) -> str:
        """What the platform's ``typeof`` says."""

    @property
    def constructor(self) -> Constructor:
        """Only its ``name``."""

    def toString(self) -> str:
        """The platform's text for the object."""

    def toLocaleString(self) -> str:
        """The same text."""

    def valueOf(self) -> Any:
        """The object itself."""

    def hasOwnProperty(self, name: str, /) -> bool:
        """Whether it has a member of its own with this name."""

    def object_keys(self) -> Any:
        """The names of the members."""

    def object_values(self) -> Any:
        """The values of the members."""

    def object_entries(self) -> Any:
        """Name and value of each member."""

    def as_object_map(self, *, hereditary: bool = False) -> Any:
        """The same object with its members as items; ``hereditary``: so are the objects in it."""

    def as_py_json(self) -> Any:
        """The same object with its members as items, and so the objects in it."""

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """The proxy itself: there is no Python counterpart. A ``default_converter`` may make one."""

class JsObject(JsProxy):
    """A plain object: members as attributes; not subscriptable, not iterable."""

    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: object) -> None: ...
    def __delattr__(self, name: str) -> None: ...

class JsObjectMap(JsProxy, MutableMapping[str, Any]):
    """A plain object whose members are items (``as_object_map``)."""

    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __getitem__(self, name: str) -> Any: ...
    def __setitem__(self, name: str, value: object) -> None: ...
    def __delitem__(self, name: str) -> None: ...

class _ArrayMethods:
    """Methods that read."""

    @property
    def length(self) -> int:
        """How many elements."""

    def at(self, index: Any = 0) -> Any:
        """The element at ``index``; a negative one counts from the end; None if there is none."""

    def entries(self) -> Any:
        """An iterator of ``[index, value]``."""

    def values(self) -> Any:
        """An iterator of the elements."""

    def every(self, callback: Callable[..., Any]) -> bool:
        """Whether ``callback`` is true of all."""

    def some(self, callback: Callable[..., Any]) -> bool:
        """Whether ``callback`` is true of one."""

    def filter(self, callback: Callable[..., Any]) -> Any:
        """Those of which ``callback`` is true."""

    def find(self, callback: Callable[..., Any]) -> Any:
        """The first of which ``callback`` is true; None if there is none."""

    def findIndex(self, callback: Callable[..., Any]) -> int:
        """Where the first is of which ``callback`` is true; -1 if there is none."""

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` for each."""

    def map(self, callback: Callable[..., Any]) -> Any:
        """What ``callback`` makes of each."""

    def reduce(self, callback: Callable[..., Any], *initial: Any) -> Any:
        """What remains when ``callback`` combines what there is with each, from the first on."""

    def includes(self, value: Any = None) -> bool:
        """Whether it is one of them."""

    def indexOf(self, value: Any = None) -> int:
        """Where it is first; -1 if it is not there."""

    def lastIndexOf(self, value: Any = None) -> int:
        """Where it is last; -1 if it is not there."""

    def join(self, separator: Any = ",") -> str:
        """The texts of all, with ``separator`` between."""

    def slice(self, begin: Any = None, end: Any = None) -> Any:
        """A copy of a part."""

    def toString(self) -> str:
        """The texts of all, with commas between."""

class _MutableArrayMethods(_ArrayMethods):
    """Methods of arrays that change them, or that typed arrays have not."""

    def concat(self, *others: Any) -> Any:
        """A new array: the elements, and those of ``others``, which may also be single values."""

    def fill(self, value: Any = None, begin: Any = None, end: Any = None) -> Any:
        """Set all, or those from ``begin`` to ``end``, to ``value``."""

    def flat(self, depth: int = 1) -> Any:
        """A new array: the elements of the arrays in it, ``depth`` levels deep."""

    def flatMap(self, callback: Callable[..., Any]) -> Any:
        """``map``, then ``flat``."""

    def push(self, *values: Any) -> int:
        """Add at the end; says how many there are."""

    def shift(self) -> Any:
        """Take the first."""

    def unshift(self, *values: Any) -> int:
        """Add at the beginning; says how many there are."""

    def sort(self, compare: Callable[[Any, Any], Any] | None = None) -> Any:
        """Sort in place: by text, or as ``compare`` says."""

    def splice(self, begin: Any = 0, count: Any = None, *values: Any) -> Any:
        """Replace a part; returns what was there."""

class JsArray(_MutableArrayMethods, JsProxy, MutableSequence[Any]):
    """An array: a mutable sequence, false when empty."""

    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> JsArray: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __delitem__(self, index: int | slice) -> None: ...
    def __add__(self, other: Iterable[Any]) -> JsArray: ...
    def __mul__(self, count: int) -> JsArray: ...
    def __rmul__(self, count: int) -> JsArray: ...
    def insert(self, index: int, value: object) -> None:
        """Insert before ``index``."""

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Where it is first."""

    def remove(self, value: Any) -> None:
        """Take out the first that is equal."""

    def pop(self, index: int = -1) -> Any:
        """Take out the element at ``index``; the last one unless told."""

    def object_keys(self) -> JsArray:
        """The indices."""

class JsMap(JsProxy, MutableMapping[Any, Any]):
    """A Map: subscript and iteration by key, false when empty. ``keys``, ``values``, ``items`` are Python's views."""

    @property
    def size(self) -> int:
        """How many entries."""

    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __getitem__(self, key: object) -> Any: ...
    def __setitem__(self, key: object, value: object) -> None: ...
    def __delitem__(self, key: object) -> None: ...
    def has(self, key: object) -> bool:
        """Whether the key is there."""

    def set(self, key: object, value: object = None) -> JsMap:
        """Store a value."""

    def delete(self, key: object) -> bool:
        """Remove an entry; says whether there was one."""

    def entries(self) -> JsIterator:
        """An iterator of arrays of key and value, in order."""

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` with value, key and Map for each."""

class JsLiteralMap(JsMap):
    """What ``to_js`` makes of a dict: a Map whose entries are members as well."""

    def __getattr__(self, name: str) -> Any: ...

class JsSet(JsProxy):
    """A Set: membership and iteration, false when empty."""

    @property
    def size(self) -> int:
        """How many values."""

    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __contains__(self, value: object) -> bool: ...
    def __iter__(self) -> Iterator[Any]: ...
    def has(self, value: object) -> bool:
        """Whether the value is there."""

    def add(self, value: object) -> JsSet:
        """Put it in."""

    def delete(self, value: object) -> bool:
        """Take it out; says whether it was there."""

    def clear(self) -> None:
        """Take out all."""

    def values(self) -> JsIterator:
        """An iterator of the values, in order."""

    keys = values
    def entries(self) -> JsIterator:
        """An iterator of arrays with each value twice."""

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` with value, value and Set for each."""

class JsIterator(JsProxy):
    """An iterator of the platform: ``next()`` answers ``done`` and ``value``; Python may iterate it too."""

    def __iter__(self) -> Iterator[Any]: ...
    def __next__(self) -> Any: ...
    def next(self) -> IteratorStep:
        """The next step."""

    def toString(self) -> str: ...

class IteratorStep(JsProxy):
    """``{done, value}``."""

    done: bool
    value: Any

class JsBoxed(JsProxy):
    """A primitive in an object (``Number.new(5)``)."""

    @property
    def constructor(self) -> Any: ...
    @property
    def length(self) -> int:
        """Of a text: how many UTF-16 units."""

    def valueOf(self) -> Any:
        """The primitive."""

    def toFixed(self, digits: int = 0) -> str:
        """The number with so many digits after the point."""

    def toString(self) -> str: ...

class JsBuffer(JsProxy):
    """An ArrayBuffer, typed array or DataView."""

    @property
    def byteLength(self) -> int:
        """Length in bytes."""

    def __bool__(self) -> bool: ...
    @property
    def constructor(self) -> Constructor: ...
    def to_bytes(self) -> bytes:
        """A copy of the bytes."""

    def to_memoryview(self) -> memoryview:
        """A copy, as a memoryview with the element format of its kind."""

    def to_string(self, encoding: str | None = None) -> str:
        """The bytes as text, UTF-8 unless told."""

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """A copy, as a memoryview."""

    def assign(self, source: Any) -> None:
        """Fill it from a buffer of Python of the same length."""

    def assign_to(self, target: Any) -> None:
        """Copy the bytes into a buffer of Python of the same length."""

class JsArrayBuffer(JsBuffer):
    """An ArrayBuffer."""

    def slice(self, begin: Any = None, end: Any = None) -> JsArrayBuffer:
        """A copy of a part."""

class _JsView(JsBuffer):
    @property
    def buffer(self) -> JsArrayBuffer:
        """The whole buffer."""

    @property
    def byteOffset(self) -> int:
        """Where the window begins."""

class JsTypedArray(_ArrayMethods, _JsView):
    """A typed array: elements by index, shared with all other views of its buffer."""

    @property
    def BYTES_PER_ELEMENT(self) -> int:
        """Bytes of one element."""

    @property
    def length(self) -> int:
        """How many elements."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __reversed__(self) -> Iterator[Any]: ...
    def __contains__(self, value: object) -> bool: ...
    def __getitem__(self, index: int) -> Any: ...
    def __setitem__(self, index: int, value: Any) -> None: ...
    def index(self, value: Any) -> int:
        """Where it is first."""

    def count(self, value: Any) -> int:
        """How often it is there."""

    def fill(self, value: Any = None, begin: Any = None, end: Any = None) -> JsTypedArray:
        """Set all, or those from ``begin`` to ``end``, to ``value``."""

    def set(self, source: Any, offset: int = 0) -> None:
        """Copy the elements of ``source`` here, from index ``offset`` on."""

    def subarray(self, begin: Any = None, end: Any = None) -> JsTypedArray:
        """A view of a part of the same buffer."""

    def reverse(self) -> None:
        """Turn the order round."""

class JsDataView(_JsView):
    """A DataView: numbers at any offset, in either byte order; big-endian unless told."""

    def __getattr__(self, name: str) -> Any: ...

class JsDate(JsProxy):
    """A Date."""

    def getTime(self) -> float:
        """Milliseconds since the epoch; NaN if invalid."""

    valueOf = getTime
    def toISOString(self) -> str:
        """``2030-01-01T00:00:00.000Z``."""

    def toJSON(self, *_key: Any) -> str | None:
        """As ``toISOString``; nothing for an invalid Date."""

    def toUTCString(self) -> str:
        """``Tue, 01 Jan 2030 00:00:00 GMT``."""

    def toString(self) -> str:
        """``Tue Jan 01 2030 00:00:00 GMT+0000 (Coordinated Universal Time)``."""

    def toDateString(self) -> str:
        """``Tue Jan 01 2030``."""

    def getTimezoneOffset(self) -> float:
        """Minutes from local time to UTC."""

    def __getattr__(self, name: str) -> Any: ...
    def __lt__(self, other: object) -> bool: ...
    def __le__(self, other: object) -> bool: ...
    def __gt__(self, other: object) -> bool: ...
    def __ge__(self, other: object) -> bool: ...
    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """The proxy itself; a ``default_converter`` may make something else of it."""

class JsRegExp(JsProxy):
    """A regular expression."""

    lastIndex: int
    @property
    def source(self) -> str:
        """The pattern."""

    @property
    def flags(self) -> str:
        """The flags."""

    @property
    def global_(self) -> bool:
        """Whether it has the flag ``g``."""

    def test(self, text: Any = None) -> bool:
        """Whether it matches somewhere in ``text``."""

    def exec(self, text: Any = None) -> Any:
        """The match and its groups as an array; null if there is none."""

    def toString(self) -> str: ...

class JsPromise(JsProxy, Awaitable[Any]):
    """A promise."""

    def __hash__(self) -> int: ...
    def __await__(self) -> Generator[Any, Any, Any]: ...
    def then(self, fulfilled: Callable[..., Any] | None = None, rejected: Callable[..., Any] | None = None) -> Any:
        """A promise of what ``fulfilled`` makes of the value, or ``rejected`` of the error."""

    def catch(self, rejected: Callable[..., Any]) -> Any:
        """A promise of the value, or of what ``rejected`` makes of the error."""

    def finally_(self, callback: Callable[[], Any]) -> Any:
        """A promise of the same outcome, after ``callback`` was called."""

    def toString(self) -> str: ...

class PyProxy:
    """A Python object made to live on the platform's side: usable wherever the object itself is."""

    def __getattr__(self, name: str) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the Python object."""

    def unwrap(self) -> Any:
        """The Python object."""

    def copy(self) -> PyProxy:
        """Another one of the same object, destroyed on its own."""

    def destroy(self, **_options: Any) -> None:
        """It cannot be used any more."""

    @property
    def js_id(self) -> int:
        """The same number for the same proxy."""

    @property
    def constructor(self) -> Constructor:
        """Only its ``name``."""

    @property
    def type(self) -> str:
        """The name of the class of the Python object."""

    @property
    def typeof(self) -> str:
        """What the platform's ``typeof`` says."""

    def toString(self) -> str:
        """The text of the Python object."""

    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Any: ...

class JsOnceCallable(PyProxy):
    """A function that can be called once (``create_once_callable``)."""

class JsCallable(JsProxy):
    """A function of the platform, for isinstance and annotations."""

class JsGenerator(JsIterator):
    """A generator of the platform, for annotations."""

class JsIterable(JsProxy):
    """Something of the platform that can be iterated, for isinstance and annotations."""

class JsAsyncIterator(JsProxy):
    """An asynchronous iterator of the platform, for annotations."""

class JsAsyncIterable(JsProxy):
    """Something of the platform that can be iterated asynchronously, for annotations."""

class JsAsyncGenerator(JsAsyncIterator):
    """An asynchronous generator of the platform, for annotations."""

class JsFetchResponse(JsProxy):
    """A response of fetch, for annotations."""

class JsDomElement(JsProxy):
    """An element of a page, for annotations: Workers have none."""

class JsWeakRef(JsProxy):
    """A weak reference of the platform, for annotations."""

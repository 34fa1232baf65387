"""The object under comparison, as the host in this process runs it. ``interpreter.js`` is the same for the real one.

A kind of step is one function here, decorated with what draws its arguments, and one function of the same name there.
``it`` is what a step may use: the object, its ctx and storage, ``face`` (the storage, or the transaction that the step
is part of), and ``base``, the instant that delays count from.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from differential import arguments as draw
from differential.kinds import KINDS, RAN, InnerStep, step
from pytest_durable._core.messages import Request, Response
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.neutral import NeutralObject

SECOND: Final = "second:"
#: Whose id is made of it; the object is called by the id alone.
BY_ID: Final = "nameless"
ADDRESS: Final = "https://example.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a step may use."""

    object: "Interpreter"
    ctx: Any
    env: Any
    storage: Any
    face: Any
    base: int
    is_retry: bool

    def now(self) -> int:
        """Milliseconds since the epoch; 0 where the instant is of the platform's choice."""
        return 0 if self.is_retry else _now()

    @property
    def base_for_others(self) -> tuple[int, ...]:
        return (self.base,) if self.is_retry else ()


# -- asynchronous key-value storage


@step(draw.KEYS)
def get(it: Hands, key: str) -> Any:
    return it.face.get(key)


@step(draw.KEY_LISTS)
def get_many(it: Hands, keys: list[str]) -> Any:
    return it.face.get(keys)


@step(draw.KEYS, draw.VALUES)
def put(it: Hands, key: str, value: object) -> Any:
    return it.face.put(key, value)


@step(draw.ENTRIES)
def put_many(it: Hands, entries: object) -> Any:
    return it.face.put(entries)


@step(draw.KEYS)
def put_stub(it: Hands, key: str) -> Any:
    return it.storage.put(key, {"inside": [it.env.INTERPRETER.getByName("a")]})


@step(draw.KEYS)
def delete(it: Hands, key: str) -> Any:
    return it.face.delete(key)


@step(draw.KEY_LISTS)
def delete_many(it: Hands, keys: list[str]) -> Any:
    return it.face.delete(keys)


@step(draw.LIST_OPTIONS)
def list_(it: Hands, options: object) -> Any:
    return it.face.list(options)


@step()
async def delete_all(it: Hands) -> Any:
    # The row of the alarm goes a moment later on the platform, and at once here (docs/fidelity.md).
    if it.face is it.storage:
        await it.face.deleteAll()
    else:
        it.face.deleteAll()
    await it.storage.sync()
    return UNDEFINED


@step()
def sync(it: Hands) -> Any:
    return it.storage.sync()


@step()
async def bookmark(it: Hands) -> Any:
    # Who is woken first afterwards is a race that an answer on its way may lose (docs/decisions/0014-…).
    found = await it.storage.getCurrentBookmark()
    await it.storage.sync()
    return found


# -- synchronous key-value storage


@step(draw.KEYS, place="sync")
def kv_get(it: Hands, key: str) -> Any:
    return it.storage.kv.get(key)


@step(draw.KEYS, draw.VALUES, place="sync")
def kv_put(it: Hands, key: str, value: object) -> Any:
    return it.storage.kv.put(key, value)


@step(draw.KEYS, place="sync")
def kv_delete(it: Hands, key: str) -> Any:
    return it.storage.kv.delete(key)


@step(draw.LIST_OPTIONS, place="sync")
def kv_list(it: Hands, options: object) -> Any:
    return list(it.storage.kv.list(options))


# -- SQL


@step(draw.STATEMENTS, place="sync")
def sql(it: Hands, statement: list[Any]) -> Any:
    cursor = it.storage.sql.exec(*statement)
    return [cursor.columnNames, cursor.raw().toArray()]


@step(draw.QUERIES, place="sync")
def sql_one(it: Hands, query: str) -> Any:
    return it.storage.sql.exec(query).one()


@step(draw.QUERIES, place="sync")
def sql_step(it: Hands, query: str) -> Any:
    cursor = it.storage.sql.exec(query)
    return [cursor.next(), cursor.toArray(), cursor.columnNames]


@step(place="sync")
def database_size(it: Hands) -> Any:
    # Not the number of pages: the platform stores an array that came by a call as a sparse one (docs/fidelity.md).
    return [it.storage.sql.databaseSize % 4096, it.storage.sql.databaseSize > 4096]


# -- transactions


@step(draw.INNER_OF_TRANSACTION)
def transaction(it: Hands, steps: list[InnerStep]) -> Any:
    return it.storage.transaction(lambda txn: interpret(replace(it, face=txn), steps))


@step(draw.INNER_NOW, place="sync")
def transaction_sync(it: Hands, steps: list[InnerStep]) -> Any:
    return it.storage.transactionSync(lambda: interpret_now(it, steps))


@step(place="transaction")
def rollback(it: Hands) -> Any:
    return it.face.rollback()


@step(draw.INNER_OF_TRANSACTION)
async def escape(it: Hands, steps: list[InnerStep]) -> Any:
    escaped: list[Any] = []
    await it.storage.transaction(escaped.append)
    return await interpret(replace(it, face=escaped[0]), steps)


# -- alarms


@step(draw.ALARM_DELAYS)
def set_alarm(it: Hands, delay: int) -> Any:
    return it.face.setAlarm(it.base + delay)


@step(draw.AGES, place="last")
def set_past_alarm(it: Hands, age: int) -> Any:
    return it.storage.setAlarm(it.base - age)


@step()
def get_alarm(it: Hands) -> Any:
    return it.face.getAlarm()


@step()
def delete_alarm(it: Hands) -> Any:
    return it.face.deleteAlarm()


@step(draw.PLANS, place="sync")
def plan(it: Hands, runs: list[list[InnerStep]]) -> Any:
    return it.storage.kv.put("alarm plan", runs)


# -- turns, time, other objects


@step(draw.WAITS)
async def wait(it: Hands, delay: int) -> Any:
    await asyncio.sleep(delay / 1000)
    return it.now()


@step(place="sync")
def now(it: Hands) -> Any:
    return it.now()


@step(place="sync")
def instance(it: Hands) -> Any:
    it.object.events += 1
    return it.object.events


@step(place="sync")
def who(it: Hands) -> Any:
    return [str(it.ctx.id), it.ctx.id.name]


@step(draw.INNER)
def block(it: Hands, steps: list[InnerStep]) -> Any:
    return it.ctx.blockConcurrencyWhile(lambda: interpret(it, steps))


@step(draw.NAMES, draw.INNER_OF_CALL)
def call_other(it: Hands, name: str, steps: list[InnerStep]) -> Any:
    return stub_of(it.env, name).run(steps, *it.base_for_others)


@step(draw.NAMES, draw.INNER_OF_CALL)
async def call_twice(it: Hands, name: str, steps: list[InnerStep]) -> Any:
    stub = stub_of(it.env, name)
    calls = [stub.run(steps, *it.base_for_others), stub.run([["instance"]])]
    return [await _settled(each) for each in calls]


@step(draw.NAMES, draw.BREAKING)
async def call_again(it: Hands, name: str, steps: list[InnerStep]) -> Any:
    stub = stub_of(it.env, name)
    first = await _settled(stub.run(steps, *it.base_for_others))
    second = await _settled(stub.run([["instance"], ["who"]]))
    return [first, second, await _settled(_fetch(it, stub, ["GET", "", "answer", 200, None]))]


@step(draw.INNER_OF_CALL)
def call_by_id(it: Hands, steps: list[InnerStep]) -> Any:
    # Nobody calls this object by its name: whether it knows the name would depend on when stubs are collected.
    namespace = it.env.INTERPRETER
    nameless = namespace.idFromString(str(namespace.idFromName(BY_ID)))
    return namespace.get(nameless).run(steps, *it.base_for_others)


@step(draw.NAMES, draw.REQUESTS)
async def fetch_other(it: Hands, name: str, request: list[Any]) -> Any:
    return await _fetch(it, stub_of(it.env, name), request)


@step(draw.NAMES, st.sampled_from(draw.ADDRESSES), st.sampled_from(draw.HEADERS))
async def fetch_address(it: Hands, name: str, address: str, headers: dict[str, str]) -> Any:
    told = {"x-wish": "answer", "x-status": "200", **headers}
    response = await stub_of(it.env, name).fetch(address, method="POST", headers=told)
    return [response.status, response.headers.get("x-answer", UNDEFINED)]


@step(draw.NAMES, draw.METHODS)
def call_nothing(it: Hands, name: str, method: str) -> Any:
    return getattr(stub_of(it.env, name), method)()


@step(draw.NAMES, draw.VALUES)
def echo(it: Hands, name: str, value: object) -> Any:
    return stub_of(it.env, name).echo(value)


@step(draw.REASONS)
def abort(it: Hands, reason: list[object]) -> Any:
    return it.ctx.abort(*reason)


@step(draw.ERROR_NAMES, draw.MESSAGES, draw.PROPERTIES, place="sync")
def throw(it: Hands, name: str, message: str, properties: dict[str, object]) -> Any:
    raise AssertionError("the interpreter throws it")


# -- other objects, and requests


def stub_of(env: Any, name: str) -> Any:
    """The object of that name; those of the second namespace have a mark before theirs."""
    return env.SECOND.getByName(name[len(SECOND) :]) if name.startswith(SECOND) else env.INTERPRETER.getByName(name)


#: An answer of this status has no body.
_EMPTY: Final = (204, 304)


def text_of(body: bytes | None) -> str:
    """Each byte as one letter."""
    return (body or b"").decode("latin-1")


async def _fetch(it: Hands, stub: Any, request: list[Any]) -> list[Any]:
    method, path, wish, status, body = request
    headers = {"x-wish": wish, "x-status": str(status)}
    if it.is_retry:
        headers["x-base"] = str(it.base)
    response = await stub.fetch(
        ADDRESS + path,
        method=method,
        headers=headers,
        body=None if body is None else body.encode(),
    )
    return [response.status, response.headers.get("x-answer", UNDEFINED), text_of(response.body)]


# -- the interpreter


def make_error(name: str, message: str, properties: dict[str, object]) -> PlatformError:
    failure = PlatformError(message, name=name)
    vars(failure).update(properties)
    return failure


_FLAGS: Final = {
    "remote": "remote",
    "retryable": "retryable",
    "overloaded": "overloaded",
    "durable_object_reset": "durableObjectReset",
    "durable_object_id": "durableObjectId",
}


_NOT_SHOWN: Final = frozenset(("name", "message", "__notes__"))


def told(failure: Exception) -> list[Any]:
    """What a step threw: name, message, and own properties, the platform's flags among them."""
    if not isinstance(failure, PlatformError):
        return ["threw", type(failure).__name__, str(failure)]
    own = {_FLAGS.get(name, name): value for name, value in vars(failure).items() if name not in _NOT_SHOWN}
    shown = [[key, own[key]] for key in sorted(own) if key not in _FLAGS.values() or own[key]]
    return ["threw", failure.name, failure.message, shown]


async def interpret(it: Hands, steps: list[InnerStep]) -> list[Any]:
    results = []
    for kind, *given in steps:
        RAN[kind] += 1
        if kind == "throw":
            raise make_error(*given)
        try:
            result = KINDS[kind].function(it, *given)
            results.append(await result if isinstance(result, Awaitable) else result)
        except Exception as failure:
            results.append(told(failure))
    return results


def interpret_now(it: Hands, steps: list[InnerStep]) -> list[Any]:
    results = []
    for kind, *given in steps:
        RAN[kind] += 1
        if kind == "throw":
            raise make_error(*given)
        try:
            results.append(KINDS[kind].function(it, *given))
        except Exception as failure:
            results.append(told(failure))
    return results


#: This run always throws: if it aborts its object with uncommitted writes, the platform keeps the abandoned alarm, and
#: we do not (docs/fidelity.md).
LAST_TRY: Final = 6


#: What a retry sets must be ahead of it, however late the first try was: what is past is set to the present, and the
#: instant of a retry is of the platform's choice. Each of the 40 steps of a program may be a restart of 4000 seconds.
RETRY_MS: Final = 1_000_000_000

#: A failure that does not count, such as that of a run which waited in vain for a section, leaves no trace in the next
#: run but that it is late.
LATE_MS: Final = 1_500


async def _settled(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except Exception as failure:
        return told(failure)


async def _name_of_failure(attempt: Awaitable[Any]) -> str:
    try:
        await attempt
    except PlatformError as failure:
        return failure.name
    return "done"


def _now() -> int:
    return round(time.time() * 1000)


#: How the next construction of an object fails, by its id.
FAILING: Final[dict[str, str]] = {}


def _throw(it: Hands) -> None:
    raise make_error("TypeError", "not built", {"code": 1})


def _write_and_throw(it: Hands) -> None:
    it.storage.kv.put("built", 1)
    _throw(it)


def _set_an_alarm_and_throw(it: Hands) -> None:
    it.storage.setAlarm(it.base + 1003)
    _throw(it)


FAILURES: Final[dict[str, Callable[[Hands], object]]] = {
    "throw": _throw,
    "write and throw": _write_and_throw,
    "set an alarm and throw": _set_an_alarm_and_throw,
    "throw in a section": lambda it: it.ctx.blockConcurrencyWhile(lambda: _write_and_throw(it)),
    "abort": lambda it: it.ctx.abort("not built"),
}


class Interpreter(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.events = 0
        way = FAILING.pop(str(ctx.id), None)
        if way is not None:
            FAILURES[way](self._hands(_now(), False))

    def fail_next_construction(self, way: str) -> None:
        """End this instance; the next one fails to be built."""
        FAILING[str(self.ctx.id)] = way
        self.ctx.abort("to be built anew")

    def ways_to_fail(self) -> list[str]:
        return sorted(FAILURES)

    async def run(self, steps: list[InnerStep], base: Any = UNDEFINED) -> list[Any]:
        is_given = base is not UNDEFINED
        return await interpret(self._hands(base if is_given else _now(), is_given), steps)

    def kinds(self) -> list[str]:
        return sorted(KINDS)

    def echo(self, value: object) -> object:
        return value

    async def fetch(self, request: Request) -> Any:
        status, wish = int(request.headers["x-status"]), request.headers["x-wish"]
        marks = [[name, value] for name, value in sorted(request.headers.items()) if name.startswith("x-")]
        self.ctx.storage.kv.put("request", [request.method, request.url, marks, text_of(request.body)])
        if wish == "plan":
            base = int(request.headers.get("x-base", _now()))
            await interpret(self._hands(base, "x-base" in request.headers), self._planned()[0])
        if wish == "throw":
            raise make_error("TypeError", "refused", {"code": status})
        if wish == "abort":
            self.ctx.abort("refused")
        if wish == "return nothing":
            return UNDEFINED
        self.events += 1
        body = None if status in _EMPTY else request.body or b"nothing"
        return Response(status=status, headers={"x-answer": f"{self.events} {wish}"}, body=body)

    # Things that are known to differ, and no steps for that reason.

    async def delete_all_and_abort(self) -> None:
        await self.ctx.storage.deleteAll()
        self.ctx.abort()

    async def write_past_transaction_and_abort(self) -> None:
        def body(txn: Any) -> None:
            txn.rollback()
            self.ctx.storage.kv.put("k", 1)
            self.ctx.abort()

        await self.ctx.storage.transaction(body)

    async def put_stub_too_late(self) -> str:
        escaped: list[Any] = []
        await self.ctx.storage.transaction(escaped.append)
        with pytest.raises(PlatformError) as failure:
            await escaped[0].put("k", self.env.INTERPRETER.getByName("a"))
        return failure.value.name

    async def bookmark_and_abort(self) -> None:
        await self.ctx.storage.getCurrentBookmark()
        self.ctx.abort()

    async def call_beside_bookmark_and_abort(self, name: str) -> str:
        stub = stub_of(self.env, name)
        aborted, called = stub.bookmark_and_abort(), stub.echo("answered")
        with pytest.raises(PlatformError):
            await aborted
        outcome = await _settled(called)
        return outcome if isinstance(outcome, str) else outcome[0]

    def _planned(self) -> list[Any]:
        planned = self.ctx.storage.kv.get("alarm plan")
        return [[]] if planned is UNDEFINED or not planned else planned

    async def put_function(self) -> Any:
        with pytest.raises(PlatformError) as failure:
            await self.ctx.storage.put("k", lambda: 1)
        return getattr(failure.value, "code", None)

    async def misuse_own_objects(self) -> list[str]:
        storage = self.ctx.storage
        attempts = [storage.list(self.env.INTERPRETER.getByName("a")), storage.put(storage)]
        return [await _name_of_failure(each) for each in attempts]

    def counters(self, query: str) -> list[int]:
        cursor = self.ctx.storage.sql.exec(query)
        read_at_first = cursor.rowsRead
        cursor.toArray()
        return [read_at_first, cursor.rowsRead, cursor.rowsWritten]

    async def alarm(self, info: Any) -> None:
        kv = self.ctx.storage.kv
        steps, *rest = self._planned()
        runs = kv.get("alarm runs")
        kv.put("alarm plan", rest)
        kv.put("alarm runs", (0 if runs is UNDEFINED else runs) + 1)
        kv.put("alarm info", [info.isRetry, info.retryCount, info.scheduledTime])
        if info.retryCount == LAST_TRY and kv.get("abort at last") is True:
            self.ctx.abort()
        if info.retryCount == LAST_TRY:
            raise make_error("Error", "last try", {})
        is_retry = info.isRetry or _now() - info.scheduledTime > LATE_MS
        base = info.scheduledTime + (RETRY_MS if is_retry else 0)
        kv.put("alarm results", await interpret(self._hands(base, is_retry), steps))

    def _hands(self, base: int, is_retry: bool) -> Hands:
        storage = self.ctx.storage
        return Hands(
            object=self, ctx=self.ctx, env=self.env, storage=storage, face=storage, base=base, is_retry=is_retry
        )


class Second(Interpreter):
    """The same, in a namespace of its own."""

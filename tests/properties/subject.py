"""The object that programs are run on: it interprets steps. What they mean to the model is in ``meaning.py``."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from properties.meaning import OWN, brief
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.neutral import NeutralObject

Function = Callable[..., Any]
STEPS: Final[dict[str, Function]] = {}
#: How often objects of this process have run a step of each kind, since somebody cleared it.
RAN: Final = Counter[str]()

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT);"
    "CREATE TABLE IF NOT EXISTS leaves (row INTEGER REFERENCES rows (id) DEFERRABLE INITIALLY DEFERRED)"
)
NO_ROW: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a step may use. ``face`` is the storage, or the transaction that the step is part of."""

    object: "Subject"
    storage: Any
    face: Any


def step(function: Function) -> Function:
    """Make a function a kind of step."""
    STEPS[function.__name__.rstrip("_")] = function
    return function


async def interpret(it: Hands, steps: list[Any]) -> list[Any]:
    results = []
    for kind, *given in steps:
        RAN[kind] += 1
        if kind == "throw":
            raise PlatformError("planned")
        try:
            result = STEPS[kind](it, *given)
            results.append(_plain(await result if isinstance(result, Awaitable) else result))
        except PlatformError as failure:
            results.append(["threw", brief(failure.message)])
    return results


def interpret_now(it: Hands, steps: list[Any]) -> list[Any]:
    results = []
    for kind, *given in steps:
        RAN[kind] += 1
        if kind == "throw":
            raise PlatformError("planned")
        try:
            results.append(_plain(STEPS[kind](it, *given)))
        except PlatformError as failure:
            results.append(["threw", brief(failure.message)])
    return results


def _plain(result: Any) -> Any:
    return None if result is UNDEFINED else result


class Subject(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.events = 0

    async def run(self, steps: list[Any]) -> list[Any]:
        self.events += 1
        return await interpret(self._hands, steps)

    async def alarm(self, info: Any) -> None:
        self.events += 1
        kv = self.ctx.storage.kv
        steps, *rest = _plain(kv.get("~plan")) or [[]]
        runs = (_plain(kv.get("~runs")) or [0])[0]
        await self.ctx.storage.put({"~plan": rest, "~runs": [runs + 1, info.retryCount, info.scheduledTime]})
        kv.put("~seen", await interpret(self._hands, steps))

    @property
    def _hands(self) -> Hands:
        return Hands(object=self, storage=self.ctx.storage, face=self.ctx.storage)


# -- pairs


@step
async def get(it: Hands, key: str) -> Any:
    return _found(await it.face.get(key))


@step
async def get_many(it: Hands, keys: list[str]) -> Any:
    return [list(pair) for pair in (await it.face.get(keys)).pairs()]


@step
def put(it: Hands, key: str, value: object) -> Any:
    return it.face.put(key, value)


@step
def put_many(it: Hands, entries: dict[str, object]) -> Any:
    return it.face.put(entries)


@step
def delete(it: Hands, key: str) -> Any:
    return it.face.delete(key)


@step
def delete_many(it: Hands, keys: list[str]) -> Any:
    return it.face.delete(keys)


@step
async def list_(it: Hands, options: dict[str, Any]) -> Any:
    return _listed((await it.face.list(options)).pairs())


@step
def kv_get(it: Hands, key: str) -> Any:
    return _found(it.storage.kv.get(key))


@step
def kv_put(it: Hands, key: str, value: object) -> Any:
    return it.storage.kv.put(key, value)


@step
def kv_delete(it: Hands, key: str) -> Any:
    return it.storage.kv.delete(key)


@step
def kv_list(it: Hands, options: dict[str, Any]) -> Any:
    return _listed(it.storage.kv.list(options))


def _found(value: Any) -> Any:
    return [] if value is UNDEFINED else [value]


def _listed(pairs: Any) -> Any:
    return [[key, None if key.startswith(OWN) else value] for key, value in pairs]


@step
def delete_all(it: Hands) -> Any:
    return it.storage.deleteAll()


# -- rows


def _sql(it: Hands, query: str, *bindings: object) -> Any:
    it.storage.sql.exec(TABLES)
    return it.storage.sql.exec(query, *bindings).raw().toArray()


@step
def sql_insert(it: Hands, number: int, text: str) -> None:
    _sql(it, "INSERT INTO rows VALUES (?, ?)", number, text)


@step
def sql_replace(it: Hands, number: int, text: str) -> None:
    _sql(it, "INSERT OR REPLACE INTO rows VALUES (?, ?)", number, text)


@step
def sql_update(it: Hands, number: int, text: str) -> Any:
    changed = _sql(it, "UPDATE rows SET text = ? WHERE id <= ? RETURNING id", text, number)
    return sorted(number for (number,) in changed)


@step
def sql_delete(it: Hands, number: int) -> Any:
    return [number for (number,) in _sql(it, "DELETE FROM rows WHERE id = ? RETURNING id", number)]


@step
def sql_select(it: Hands) -> Any:
    return _sql(it, "SELECT id, text FROM rows ORDER BY id")


@step
def sql_orphan(it: Hands) -> None:
    _sql(it, "INSERT INTO leaves VALUES (?)", NO_ROW)


# -- transactions


@step
def transaction(it: Hands, steps: list[Any], ending: str) -> Any:
    async def body(txn: Any) -> Any:
        results = await interpret(replace(it, face=txn), steps)
        if ending == "throw":
            raise PlatformError("undone")
        if ending == "rollback":
            txn.rollback()
        return results

    return it.storage.transaction(body)


@step
def transaction_sync(it: Hands, steps: list[Any], ending: str) -> Any:
    def body() -> Any:
        results = interpret_now(it, steps)
        if ending == "throw":
            raise PlatformError("undone")
        return results

    return it.storage.transactionSync(body)


@step
def sync(it: Hands) -> Any:
    return it.storage.sync()


# -- alarms


@step
def set_alarm(it: Hands, delay_ms: int) -> Any:
    return it.face.setAlarm(time.time_ns() // 1_000_000 + delay_ms)


@step
def get_alarm(it: Hands) -> Any:
    return it.face.getAlarm()


@step
def delete_alarm(it: Hands) -> Any:
    return it.face.deleteAlarm()


@step
def plan(it: Hands, runs: list[list[Any]]) -> Any:
    return it.storage.kv.put("~plan", runs)


# -- turns, time, other objects


@step
async def wait(it: Hands, microseconds: int) -> None:
    await asyncio.sleep(microseconds / 1e6)


@step
def memory(it: Hands) -> int:
    return it.object.events


@step
def call_other(it: Hands, name: str, steps: list[Any]) -> Any:
    if it.object.ctx.id.name == name:
        return "myself"
    namespace = it.object.env.SUBJECT if name in "ab" else it.object.env.VOLATILE
    return namespace.getByName(name).run(steps)


@step
def abort(it: Hands) -> Any:
    return it.object.ctx.abort("enough")

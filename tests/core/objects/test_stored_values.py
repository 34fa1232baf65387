"""How values lie in the database, and what happens when they cannot be read (DO-3.3.3, DO-3.6, DO-3.7)."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.values import UNDEFINED, JSError, JSMap
from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")

ON_DISK = pytest.mark.durable(storage="disk")

INTERNAL_ERROR = re.compile(r"internal error; reference = [0-9a-z]{24}")


@pytest.fixture
def plant(durable, box):
    """Lays rows into the table of pairs while the host is down: key to hex digits of a blob, or None."""

    async def plant_rows(**blobs):
        await box.put("intact", 1)
        await durable.stop()
        path = durable.namespace(Armed).directory / f"{box.id.hex}.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            for key, blob in blobs.items():
                value = None if blob is None else bytes.fromhex(blob)
                connection.execute("INSERT INTO _cf_KV VALUES (?, ?)", (key, value))
            connection.commit()
        await durable.start()

    return plant_rows


def blobs(durable, stub):
    return {row["key"]: row["blob"] for row in durable.stored(stub).sql("SELECT key, hex(value) AS blob FROM _cf_KV")}


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize(
    "write",
    [lambda storage: storage.put("k", "abc"), lambda storage: storage.kv.put("k", "abc")],
    ids=["storage.put", "kv.put"],
)
async def test_value_is_stored_as_header_and_serialization_and_nothing_else(durable, box, inside, write):
    """DO-3.6.1"""
    await inside(lambda ctx: write(ctx.storage) and None)
    assert blobs(durable, box) == {"k": "FF0F2203616263"}


@ON_DISK
@pytest.mark.parametrize(
    "blob",
    ["FF0F2203616263", "FF0D2203616263", "FF102203616263", "2203616263", "FF0F2203616263999999"],
    ids=["version 15", "version 13", "version 16", "no header", "trailing bytes"],
)
async def test_values_of_other_versions_are_read(box, plant, blob):
    """DO-3.6.2"""
    await plant(k=blob)
    assert await box.get("k") == "abc"


@ON_DISK
async def test_value_of_version_9_is_unreadable(box, plant):
    """DO-3.6.2"""
    await plant(k="FF092203616263")
    assert INTERNAL_ERROR.fullmatch(str(await refusal(box.get("k"))))


def a_function():
    """Something that cannot be stored."""


@pytest.mark.parametrize(
    ("make", "source"),
    [
        (lambda instance: a_function, "a_function"),
        (lambda instance: {"deep": [a_function]}, "a_function"),
        (lambda instance: asyncio.get_running_loop().create_future(), "#<Future>"),
    ],
    ids=["function", "function within", "promise"],
)
async def test_what_cannot_be_cloned_is_refused_and_named(durable, box, make, source):
    """DO-3.6.3"""
    failure = await durable.run_in_object(box, lambda instance, ctx: refusal(ctx.storage.put("k", make(instance))))
    assert (failure.name, failure.message) == ("DataCloneError", f"{source} could not be cloned.")
    assert "_cf_KV" not in durable.stored(box).tables


async def test_stub_cannot_be_stored(durable, box):
    """DO-3.6.3"""
    failure = await durable.run_in_object(
        box, lambda instance, ctx: refusal(ctx.storage.put("k", [instance.env.ARMED.getByName("b")]))
    )
    assert (failure.name, failure.message) == (
        "DataCloneError",
        "ServiceStub cannot be serialized in this context.",
    )


async def test_error_is_stored_as_an_object_of_the_host(durable, box, inside):
    """DO-3.6.4"""
    await inside(lambda ctx: ctx.storage.put("k", JSError("TypeError", "m", {"stack": "S", "code": 3})))
    assert blobs(durable, box) == {"k": "FF0F5C0A0222016D6F2205737461636B2201532204636F646549067B02"}


@pytest.mark.parametrize(
    "durable_app",
    [
        App(surface="neutral", compatibility_date="2026-04-20"),
        App(surface="neutral", compatibility_flags=("legacy_error_serialization",)),
    ],
    ids=["older date", "flag"],
)
async def test_error_was_once_stored_in_the_form_of_the_language(durable, box, inside):
    """DO-3.6.4"""
    await inside(lambda ctx: ctx.storage.put("k", JSError("TypeError", "m", {"stack": "S", "code": 3})))
    assert blobs(durable, box) == {"k": "FF0F72546D22016D732201532E"}


@ON_DISK
@pytest.mark.parametrize(
    "blob",
    ["FF0F5C0A0222016D6F2205737461636B2201537B01", "FF0F72546D22016D732201532E"],
    ids=["object of the host", "tag of the language"],
)
async def test_both_forms_of_errors_are_read(durable, box, inside, plant, blob):
    """DO-3.6.4"""
    await plant(k=blob)
    found = await inside(lambda ctx: ctx.storage.get("k"))
    assert found == JSError("TypeError", "m", {"stack": "S"})


UNREADABLE = {"empty": "", "NULL": None, "only a header": "FF0F", "unknown tag": "FF0F26", "cut short": "FF0F6F220161"}
READS = {
    "get": lambda storage: storage.get("bad"),
    "get of several": lambda storage: storage.get(["bad", "intact"]),
    "list": lambda storage: storage.list(),
}


@ON_DISK
@pytest.mark.parametrize("blob", UNREADABLE.values(), ids=UNREADABLE)
async def test_reading_an_unreadable_value_is_rejected_with_an_internal_error(box, plant, blob):
    """DO-3.7, DO-3.3.3"""
    await plant(bad=blob)
    failure = await refusal(box.get("bad"))
    assert failure.name == "Error"
    assert INTERNAL_ERROR.fullmatch(failure.message)


@ON_DISK
@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_each_reading_that_meets_an_unreadable_value_is_rejected(inside, plant, read):
    """DO-3.7"""
    await plant(bad="")
    failure = await inside(lambda ctx: refusal(read(ctx.storage)))
    assert INTERNAL_ERROR.fullmatch(str(failure))


@ON_DISK
async def test_synchronous_reading_of_an_unreadable_value_throws(inside, plant):
    """DO-3.7"""
    await plant(bad="")

    def read(ctx):
        with pytest.raises(PlatformError) as caught:
            ctx.storage.kv.get("bad")
        return caught.value

    assert INTERNAL_ERROR.fullmatch(str(await inside(read)))


@ON_DISK
async def test_unreadable_value_neither_resets_the_object_nor_hides_other_keys(box, inside, plant):
    """DO-3.7"""
    await plant(bad="")

    async def act(ctx):
        await ctx.storage.put("before", 1)
        await refusal(ctx.storage.get("bad"))
        return await ctx.storage.get(["before", "intact"])

    assert await inside(act) == JSMap({"before": 1, "intact": 1})
    assert await box.get("before") == 1


@ON_DISK
async def test_unreadable_value_can_be_replaced_and_deleted(box, inside, plant):
    """DO-3.7"""
    await plant(bad="", worse=None)

    async def act(ctx):
        await ctx.storage.put("bad", 2)
        return await ctx.storage.delete("worse")

    assert await inside(act) is True
    assert [await box.get("bad"), await box.get("worse")] == [2, UNDEFINED]

"""Bytes that are bound in SQL are those of the call, whatever becomes of their buffer (DO-5.3.4)."""

import pytest

pytestmark = pytest.mark.durable(storage="memory")


def shrink(data):
    data.clear()


def overwrite(data):
    data[:] = bytes(len(data))


@pytest.mark.parametrize("change", [shrink, overwrite])
async def test_buffer_that_changes_after_the_call_is_read_as_it_was(inside, change):
    """DO-5.3.4"""

    def act(ctx):
        data = bytearray(range(64))
        cursor = ctx.storage.sql.exec("SELECT ? AS x", data)
        change(data)
        return cursor.one()["x"]

    assert await inside(act) == bytes(range(64))


async def test_part_of_a_buffer_is_that_part_though_the_buffer_changes(inside):
    """DO-5.3.4"""

    def act(ctx):
        data = bytearray(range(128))
        cursor = ctx.storage.sql.exec("SELECT ? AS x", memoryview(data)[16:48])
        overwrite(data)
        return cursor.one()["x"]

    assert await inside(act) == bytes(range(16, 48))


async def test_buffer_that_stays_is_read_as_it_is(inside):
    """DO-5.3.4"""
    assert await inside(lambda ctx: ctx.storage.sql.exec("SELECT ? AS x", bytearray(b"\xaa" * 8)).one()) == {
        "x": b"\xaa" * 8
    }

"""Files of facets that are not what they should be: which file is named, and nothing is changed (DO-1.7.4)."""

import os
import sqlite3

import pytest
from pyodide.ffi import create_proxy, to_js
from workers import DurableObject

from pytest_durable.errors import DamagedFileError, DirectoryError, UndecodableValueError

GARBAGE = b"this is no index of facets"
NO_INDEX = r"\.facets is damaged: it does not begin like an index of facets"


def start():
    import js

    return to_js({"class": Leaf}, dict_converter=js.Object.fromEntries)


class Leaf(DurableObject):
    async def count(self):
        count = (await self.ctx.storage.get("count") or 0) + 1
        await self.ctx.storage.put("count", count)
        return count


class Tree(DurableObject):
    async def put(self):
        await self.ctx.storage.put("k", 1)

    async def call(self):
        return await self.ctx.facets.get("a", create_proxy(start)).count()

    async def call_and_recover(self):
        try:
            return await self.call()
        except Exception:
            return "recovered"

    async def delete(self):
        self.ctx.facets.delete("a")

    async def clone(self):
        self.ctx.facets.clone("a", "b")

    async def delete_all(self):
        await self.ctx.storage.deleteAll()


@pytest.fixture
def tree(durable):
    return durable.namespace(Tree).get_by_name("x")


@pytest.fixture
def index(durable, tree):
    """The path of the object's index."""
    return durable.namespace(Tree).directory / f"{tree.id.hex}.facets"


@pytest.mark.parametrize("method", ["delete", "clone", "delete_all"])
async def test_file_that_is_no_index_is_named_and_left_as_it_is(durable, tree, index, method):
    # DO-1.7.4
    await tree.put()
    await durable.stop()
    index.write_bytes(GARBAGE)
    await durable.start()
    with pytest.raises(DamagedFileError, match=NO_INDEX):
        await getattr(tree, method)()
    with pytest.raises(DamagedFileError, match=NO_INDEX):
        durable.stored(tree, facet="a")
    assert index.read_bytes() == GARBAGE


async def test_call_that_meets_a_damaged_index_fails_the_test_even_if_the_parent_recovers(durable, tree, index):
    # DO-1.7.4
    await tree.put()
    await durable.stop()
    index.write_bytes(GARBAGE)
    await durable.start()
    assert await tree.call_and_recover() == "recovered"
    with pytest.raises(DamagedFileError, match=NO_INDEX):
        durable.raise_failures()
    assert index.read_bytes() == GARBAGE


async def test_damaged_facet_is_named_left_as_it_is_and_works_once_repaired(durable, tree, index):
    await tree.call()
    await durable.stop()
    path = index.with_name(f"{tree.id.hex}.1.sqlite")
    whole = path.read_bytes()
    path.write_bytes(b"not a database" * 100)
    await durable.start()
    assert await tree.call_and_recover() == "recovered"
    with pytest.raises(DamagedFileError, match=r"\.1\.sqlite is damaged"):
        durable.raise_failures()
    assert path.read_bytes() == b"not a database" * 100
    path.write_bytes(whole)
    assert await tree.call() == 2


async def test_damaged_facet_can_be_deleted(durable, tree, index):
    # DO-1.7.5
    await tree.call()
    await durable.stop()
    index.with_name(f"{tree.id.hex}.1.sqlite").write_bytes(b"not a database" * 100)
    await durable.start()
    await tree.delete()
    assert await tree.call() == 1


async def test_damaged_facet_is_not_cloned(durable, tree, index):
    # DO-1.7.7
    await tree.call()
    await durable.stop()
    index.with_name(f"{tree.id.hex}.1.sqlite").write_bytes(b"not a database" * 100)
    await durable.start()
    with pytest.raises(DamagedFileError, match=r"\.1\.sqlite is damaged"):
        await tree.clone()
    assert durable.stored(tree, facet="b").tables == []


async def test_undecodable_value_of_a_facet_names_its_file(durable, tree, index):
    await tree.call()
    await durable.stop()
    connection = sqlite3.connect(index.with_name(f"{tree.id.hex}.1.sqlite"), isolation_level=None)
    connection.execute("UPDATE _cf_KV SET value = x'ff0f5c'")
    connection.close()
    with pytest.raises(UndecodableValueError, match=r"\.1\.sqlite"):
        print(durable.stored(tree, facet="a").kv["count"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
async def test_pipe_where_the_index_should_be_is_refused_without_being_opened(durable, tree, index):
    await tree.put()
    os.mkfifo(index)  # to open it would wait for somebody to write into it
    with pytest.raises(DirectoryError, match=r"\.facets cannot be used: Not a regular file\.\n\nOnly databases may"):
        durable.stored(tree, facet="a")
    assert index.is_fifo()

"""``assert_object_count`` and ``assert_file_count``: what they count, and what they say."""

import pytest

from pytest_durable._core.errors import ConfigurationError
from support.claims import Counter, counter, fails_with, misuse, on_host

#: The files of the objects "a" and "b" of ``Counter``: ids follow from the class name and the object's name.
FILE_A = "a3e40572c960df9c40f202fbab4d72cc210b256bf52473b0cbad2257c87efeee.sqlite"
FILE_B = "435501a6db437e661c554c003b0dce9680b13c2c1308284a6c39749627993015.sqlite"


@pytest.mark.parametrize("storage", ["disk", "memory"])
def test_objects_count_from_their_first_call(storage):
    @on_host(storage=storage)
    async def claim(durable):
        namespace = durable.namespace(Counter)
        durable.assert_object_count(namespace, 0)
        durable.assert_file_count(namespace, 0)
        for name in ("a", "b"):
            await namespace.get_by_name(name).put("n", 1)
        namespace.get_by_name("c")

        durable.assert_object_count(namespace, 2)
        durable.assert_file_count(namespace, 2)

    claim()


@on_host(storage="disk")
async def test_side_files_and_metadata_never_count(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await durable.crash()
    namespace = stub._durable_namespace
    assert namespace.files() == [
        FILE_A,
        f"{FILE_A}-shm",
        f"{FILE_A}-wal",
        "metadata.sqlite",
        "metadata.sqlite-shm",
        "metadata.sqlite-wal",
    ]

    durable.assert_object_count(namespace, 1)
    durable.assert_file_count(namespace, 1)


@on_host(storage="disk")
async def test_files_of_facets_count_as_files_and_not_as_objects(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    namespace = stub._durable_namespace
    (namespace.directory / FILE_A.replace(".sqlite", ".1.sqlite")).touch()

    durable.assert_object_count(namespace, 1)
    durable.assert_file_count(namespace, 2)


@on_host(storage="disk")
async def test_ignored_files_do_not_count(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await stub._durable_namespace.get_by_name("b").put("n", 1)
    asked = []

    def ignored(namespace):
        asked.append(namespace)
        return [FILE_B]

    durable.ignored_files = ignored

    durable.assert_object_count(stub._durable_namespace, 1)
    durable.assert_file_count(stub._durable_namespace, 1)
    assert asked == [stub._durable_namespace] * 2


# -- what they say


@on_host()
async def test_the_message_about_too_many_objects(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await durable.clock.advance(seconds=2)
    await stub._durable_namespace.get_by_name("b").put("n", 1)

    with fails_with("""
        COUNTER has 2 objects: expected 1.

          objects  COUNTER["a"]  built 00:00:00.000
                   COUNTER["b"]  built 00:00:02.000

        Look for a name or an id that the test did not mean. If all of them are wanted:  \
durable.assert_object_count(namespace, 2)
        See docs/reference/assertions.md
    """):
        durable.assert_object_count(stub._durable_namespace, 1)


@on_host(storage="disk")
async def test_the_message_about_objects_from_before(durable):
    namespace = durable.namespace(Counter)
    (namespace.directory / FILE_A).touch()

    with fails_with("""
        COUNTER has 1 object: expected 0.

          objects  COUNTER(a3e40572…)  was there before

        Look for a name or an id that the test did not mean. If all of them are wanted:  \
durable.assert_object_count(namespace, 1)
        See docs/reference/assertions.md
    """):
        durable.assert_object_count(namespace, 0)
    (namespace.directory / FILE_A).unlink()


@on_host()
async def test_the_message_names_ten_objects_at_most(durable):
    namespace = durable.namespace(Counter)
    for number in range(12):
        await namespace.get_by_name(f"n{number}").put("n", 1)

    with pytest.raises(AssertionError) as caught:
        durable.assert_object_count(namespace, 1)

    lines = str(caught.value).splitlines()
    assert (len(lines), lines[12]) == (16, "           … and 2 more objects")


@on_host()
async def test_the_message_about_too_few_objects(durable):
    namespace = durable.namespace(Counter)

    with fails_with("""
        COUNTER has 0 objects: expected 1.

          objects  none

        An object exists from its first call on; a stub alone creates nothing. Call it:  await stub.method()
        See docs/reference/assertions.md
    """):
        durable.assert_object_count(namespace, 1)


@on_host()
async def test_the_message_about_objects_lost_with_the_memory(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await durable.restart()

    with fails_with("""
        COUNTER has 0 objects: expected 1.

          objects  none

        Namespaces in memory are empty after a restart or crash. Keep the data on disk:  \
@pytest.mark.durable(storage="disk")
        See docs/how-to/restarts.md
    """):
        durable.assert_object_count(stub._durable_namespace, 1)


@on_host(storage="disk")
async def test_the_message_about_too_many_files(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await stub._durable_namespace.get_by_name("b").put("n", 1)
    (stub._durable_namespace.directory / "notes.txt").touch()
    durable.ignored_files = lambda namespace: ["notes.txt"]

    with fails_with(f"""
        COUNTER has 2 database files: expected 1.

          files        {FILE_B}
                       {FILE_A}
          not counted  metadata.sqlite
                       notes.txt (ignored)
                       6 side files (-wal, -shm)

        Facets have files of their own. To count objects alone:  durable.assert_object_count(namespace, n)
        See docs/reference/assertions.md
    """):
        durable.assert_file_count(stub._durable_namespace, 1)


@on_host()
async def test_the_message_about_too_few_files(durable):
    namespace = durable.namespace(Counter)

    with fails_with("""
        COUNTER has 0 database files: expected 2.

          files        none
          not counted  metadata.sqlite

        An object exists from its first call on; a stub alone creates nothing. Call it:  await stub.method()
        See docs/reference/assertions.md
    """):
        durable.assert_file_count(namespace, 2)


# -- misuse


@pytest.mark.parametrize("claim", ["assert_object_count", "assert_file_count"])
@on_host()
async def test_a_stub_is_no_namespace(durable, claim):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        f"""
        {claim}() takes a namespace, not <stub of COUNTER["a"]>.

        Hand over what namespace() gave:  durable.{claim}(durable.namespace(…), 1)
        """,
    ):
        getattr(durable, claim)(stub, 1)


@pytest.mark.parametrize("number", [-1, True, "1", None, 1.0], ids=repr)
@on_host()
async def test_a_count_is_a_number_from_zero_on(durable, number):
    namespace = durable.namespace(Counter)

    with misuse(
        ConfigurationError,
        f"""
        assert_object_count() takes a number from 0 on, not {number!r}.

        For example:  durable.assert_object_count(namespace, 1)
        """,
    ):
        durable.assert_object_count(namespace, number)

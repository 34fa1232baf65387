"""``assert_stored``: what it compares, and what it says."""

from unittest.mock import ANY

import pytest

from pytest_durable._core.errors import ConfigurationError
from support.claims import Counter, counter, fails_with, misuse, on_host


@on_host()
async def test_the_expected_pairs_are_enough(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await stub.put("m", 2)

    durable.assert_stored(stub, {"n": 1})


@on_host()
async def test_all_pairs_are_compared_if_it_is_to_be_exact(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await stub.put("m", 2)

    durable.assert_stored(stub, {"m": 2, "n": 1}, exact=True)


@on_host()
async def test_matchers_match_at_any_depth(durable):
    stub = counter(durable)
    await stub.put("order", {"id": "x", "total": 0.1 + 0.2})

    durable.assert_stored(stub, {"order": {"id": ANY, "total": pytest.approx(0.3)}}, exact=True)


@on_host()
async def test_an_object_that_was_never_called_has_stored_nothing(durable):
    durable.assert_stored(counter(durable), {}, exact=True)


@on_host(storage="disk")
async def test_what_a_crash_has_left_can_be_claimed(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await durable.crash()

    durable.assert_stored(stub, {"n": 1}, exact=True)


# -- what it says


@on_host()
async def test_the_message_about_one_value(durable):
    stub = counter(durable)
    await stub.put("n", 1)

    with fails_with("""
        COUNTER["a"] has stored kv["n"] = 1: expected 2.

          kv["n"]  expected  2
                   saw       1
          clock    00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of put() began
          00:00:00.000  committed 'n'
          00:00:00.000  call of put() ended

        To see all that is stored:  dict(durable.stored(stub).kv)
        See docs/reference/assertions.md
    """):
        durable.assert_stored(stub, {"n": 2})


@on_host()
async def test_the_message_shows_only_what_differs(durable):
    stub = counter(durable)
    await stub.put("order", {"id": "x1", "lines": [{"sku": "pen", "n": 1}, {"sku": "ink", "n": 2}]})
    await stub.put("state", "paid")

    with fails_with("""
        COUNTER["a"] has stored kv["order"]["lines"][1]["n"] = 2: expected 3; 2 more differ.

          kv["order"]["lines"][1]["n"]  expected  3
                                        saw       2
          kv["note"]                    expected  <ANY>
                                        saw       nothing
          kv["state"]                   expected  nothing
                                        saw       "paid"
          clock                         00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of put() began
          00:00:00.000  committed 'order'
          00:00:00.000  call of put() ended
          00:00:00.000  call of put() began
          00:00:00.000  committed 'state'
          00:00:00.000  call of put() ended

        To see all that is stored:  dict(durable.stored(stub).kv)
        See docs/reference/assertions.md
    """):
        durable.assert_stored(
            stub,
            {"order": {"id": ANY, "lines": [{"sku": "pen", "n": 1}, {"sku": "ink", "n": 3}]}, "note": ANY},
            exact=True,
        )


@on_host()
async def test_the_message_about_keys_that_are_not_expected(durable):
    stub = counter(durable)
    await stub.put("n", 1)

    with fails_with("""
        COUNTER["a"] has stored kv["n"] = 1: expected nothing.

          kv["n"]  expected  nothing
                   saw       1
          clock    00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of put() began
          00:00:00.000  committed 'n'
          00:00:00.000  call of put() ended

        Only keys beyond the expected ones differ. To allow them, leave out:  exact=True
        See docs/reference/assertions.md
    """):
        durable.assert_stored(stub, {}, exact=True)


@on_host()
async def test_the_message_about_an_object_with_nothing_stored(durable):
    stub = counter(durable)

    with fails_with("""
        COUNTER["a"] has stored no kv["n"]: expected 1; 1 more differs.

          kv["n"]  expected  1
                   saw       nothing
          kv["m"]  expected  2
                   saw       nothing
          clock    00:00:00.000

          00:00:00.000  life 1 of the process began

        Nothing was ever stored for it. Call what stores:  await stub.method()
        See docs/reference/assertions.md
    """):
        durable.assert_stored(stub, {"n": 1, "m": 2})


@on_host()
async def test_the_message_about_values_lost_with_the_memory(durable):
    stub = counter(durable)
    await stub.put("n", 1)
    await durable.restart()

    with pytest.raises(AssertionError) as caught:
        durable.assert_stored(stub, {"n": 1})

    assert str(caught.value).splitlines()[-2:] == [
        "Namespaces in memory are empty after a restart or crash. Keep the data on disk:  "
        '@pytest.mark.durable(storage="disk")',
        "See docs/how-to/restarts.md",
    ]


@on_host()
async def test_the_message_about_a_write_that_is_not_committed(durable):
    said = []

    class Early(Counter):
        async def put_and_claim(self):
            await self.ctx.storage.put("n", 1)
            with pytest.raises(AssertionError) as caught:
                durable.assert_stored(stub, {"n": 1})
            said.extend(str(caught.value).splitlines())

    stub = durable.namespace(Early).get_by_name("a")
    await stub.put_and_claim()

    assert said[-2] == ("It has written something that is not committed yet. Let its turn end:  await durable.settle()")


@on_host()
async def test_the_message_shows_ten_differences_at_most(durable):
    stub = counter(durable)

    with pytest.raises(AssertionError) as caught:
        durable.assert_stored(stub, {f"key{number}": number for number in range(12)})

    lines = str(caught.value).splitlines()
    assert lines[0] == 'COUNTER["a"] has stored no kv["key0"]: expected 0; 11 more differ.'
    assert lines[21:24] == [
        "              saw       nothing",
        "  …           and 2 more",
        "  clock       00:00:00.000",
    ]


# -- misuse


@on_host()
async def test_what_is_expected_is_a_mapping(durable):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        """
        assert_stored() takes a mapping of keys to values, not ['n'].

        For example:  durable.assert_stored(stub, {"count": 1})
        """,
    ):
        durable.assert_stored(stub, ["n"])

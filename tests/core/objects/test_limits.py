"""How big keys and values may be, and how many there may be in one call (DO-4.5)."""

import pytest

from pytest_durable import PlatformError

pytestmark = pytest.mark.durable(storage="memory")

TOO_BIG = "string or blob too big: SQLITE_TOOBIG"

#: The longest text of one-byte characters under a key of one byte.
TEXT_MAX = 8_388_628


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return str(caught.value)


async def test_key_of_100000_bytes_is_accepted(inside):
    """DO-4.5.T1.1"""
    key = "k" * 100_000

    async def act(ctx):
        await ctx.storage.put(key, 1)
        return [await ctx.storage.get(key), await ctx.storage.delete(key)]

    assert await inside(act) == [1, True]


async def test_longest_text_is_accepted(inside):
    """DO-4.5.T1.2, DO-4.5.P"""

    def act(ctx):
        ctx.storage.kv.put("k", "x" * TEXT_MAX)
        return len(ctx.storage.kv.get("k"))

    assert await inside(act) == TEXT_MAX


@pytest.mark.parametrize(
    "write",
    [lambda storage, value: storage.put("k", value), lambda storage, value: storage.put({"k": value})],
    ids=["key and value", "entries"],
)
async def test_longer_text_is_rejected(inside, write):
    """DO-4.5.T1.2"""
    assert await inside(lambda ctx: refusal(write(ctx.storage, "x" * (TEXT_MAX + 1)))) == TOO_BIG


async def test_longer_text_is_thrown_by_the_synchronous_interface(inside):
    """DO-4.5.T1.2, DO-4.5.P"""

    def act(ctx):
        with pytest.raises(PlatformError) as caught:
            ctx.storage.kv.put("k", "x" * (TEXT_MAX + 1))
        return str(caught.value)

    assert await inside(act) == TOO_BIG


async def test_call_with_200_keys_is_accepted(inside):
    """DO-4.5.T1.3"""
    keys = [f"{number:03}" for number in range(200)]

    async def act(ctx):
        await ctx.storage.put(dict.fromkeys(keys, 1))
        found = await ctx.storage.get(keys)
        return [list(found), await ctx.storage.delete(keys)]

    assert await inside(act) == [keys, 200]


async def test_value_that_is_too_big_does_not_reset_the_object(durable, box, inside):
    """DO-4.5.P"""

    async def act(ctx):
        await ctx.storage.put("before", 1)
        await refusal(ctx.storage.put("k", "x" * (TEXT_MAX + 1)))
        await ctx.storage.put("after", 1)

    await inside(act)
    assert dict(durable.stored(box).kv) == {"before": 1, "after": 1}

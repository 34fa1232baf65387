"""What objects see besides, with the flag ``experimental``; the tests in ``tests/contract`` say what it does."""

import pytest

from pytest_durable import App, PlatformError, PlatformOptions
from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")


@pytest.fixture
def experimental(durable_factory):
    """Runs a function of ``ctx`` in an object of an application with the flag."""

    def run(function, *, sql=True):
        app = App(surface="neutral", compatibility_flags=["experimental"], options=PlatformOptions(sql=sql))
        host = durable_factory(app=app)
        return host.run_in_object(host.namespace(Armed).get_by_name("a"), lambda _instance, ctx: function(ctx))

    return run


async def test_sql_needs_no_declaration_with_the_flag(experimental):
    """DO-5.1.T1.1"""
    assert await experimental(lambda ctx: ctx.storage.sql.exec("SELECT 1 AS a").one(), sql=False) == {"a": 1}
    assert await experimental(lambda ctx: ctx.storage.sql.databaseSize, sql=False) == 4096


async def test_synchronous_pairs_need_the_declaration_even_with_the_flag(experimental):
    """DO-5.1.T1.2"""

    def act(ctx):
        with pytest.raises(PlatformError, match=r"^The storage\.kv \(synchronous KV\) API is only available"):
            ctx.storage.kv.get("a")

    await experimental(act, sql=False)


async def test_prepared_query_runs_as_often_as_it_is_called(experimental):
    """DO-5.6.3"""

    def act(ctx):
        query = ctx.storage.sql.prepare("SELECT ? AS a")
        first, second = query(1), query(2)
        return [first.toArray(), second.toArray()]

    assert await experimental(act) == [[{"a": 1}], [{"a": 2}]]


@pytest.mark.parametrize(("method", "expected"), [("prepare", "String"), ("setMaxPageCountForTest", "integer")])
async def test_experimental_method_of_sql_wants_its_argument(experimental, method, expected):
    """DO-5.6.3"""

    def act(ctx):
        text = f"Failed to execute '{method}' on 'SqlStorage': parameter 1 is not of type '{expected}'."
        with pytest.raises(PlatformError) as refusal:
            getattr(ctx.storage.sql, method)()
        assert refusal.value.message == text

    await experimental(act)


@pytest.mark.parametrize("count", [0, -1, "x"])
async def test_limit_of_no_pages_is_none(experimental, count):
    """DO-5.6.3"""

    def act(ctx):
        ctx.storage.sql.setMaxPageCountForTest(count)
        ctx.storage.kv.put("k", "x" * 100_000)

    await experimental(act)

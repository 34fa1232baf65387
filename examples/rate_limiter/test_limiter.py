import pytest
from limiter import LIMIT, WINDOW, Limiter


@pytest.fixture
def clients(durable):
    return durable.namespace(Limiter)


async def use_up(client):
    for remaining in reversed(range(LIMIT)):
        assert await client.request() == {"allowed": True, "remaining": remaining, "retry_after": 0}


async def test_one_request_too_many_is_refused(durable, clients):
    client = clients.get_by_name("10.0.0.1")
    await use_up(client)
    assert await client.request() == {"allowed": False, "remaining": 0, "retry_after": WINDOW}


async def test_clients_do_not_share_a_limit(durable, clients):
    await use_up(clients.get_by_name("10.0.0.1"))
    assert (await clients.get_by_name("10.0.0.2").request())["allowed"] is True


async def test_the_window_slides(durable, clients):
    client = clients.get_by_name("10.0.0.1")
    await client.request()
    await durable.clock.advance(seconds=WINDOW / 2)
    for _ in range(LIMIT - 1):
        await client.request()

    assert await client.request() == {"allowed": False, "remaining": 0, "retry_after": WINDOW / 2}
    await durable.clock.advance(seconds=WINDOW / 2)
    assert await client.request() == {"allowed": True, "remaining": 0, "retry_after": 0}
    assert (await client.request())["allowed"] is False


@pytest.mark.parametrize("crash", [False, True])
async def test_a_restart_does_not_reset_the_limit(durable, clients, crash):
    client = clients.get_by_name("10.0.0.1")
    await use_up(client)
    await durable.restart(crash=crash)
    assert (await client.request())["allowed"] is False


async def test_an_idle_client_leaves_nothing_behind(durable, clients):
    client = clients.get_by_name("10.0.0.1")
    await client.request()
    assert durable.stored(client).sql("SELECT count(*) AS n FROM admitted") == [{"n": 1}]

    await durable.clock.advance(seconds=WINDOW)

    durable.assert_alarm_ran(client, times=1)
    durable.assert_no_alarm(client)
    assert durable.stored(client).tables == []
    durable.assert_object_count(clients, 1)  # the file stays, empty


async def test_each_request_postpones_the_expiry(durable, clients):
    client = clients.get_by_name("10.0.0.1")
    await client.request()
    await durable.clock.advance(seconds=WINDOW - 1)
    await client.request()
    durable.assert_alarm(client, after=WINDOW)
    await durable.clock.advance(seconds=WINDOW - 1)
    durable.assert_alarm_ran(client, times=0)


async def test_the_expiry_survives_eviction_after_ten_idle_seconds(durable, clients):
    client = clients.get_by_name("10.0.0.1")
    await client.request()
    await durable.clock.advance(seconds=11)
    await durable.assert_alarm_survives(client, through="restart")
    await durable.clock.advance(seconds=WINDOW)
    assert durable.stored(client).tables == []

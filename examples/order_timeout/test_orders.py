from itertools import count

import pytest
from orders import Order, Stock

from pytest_durable import PlatformError
from pytest_durable.events import Record


@pytest.fixture
def orders(durable):
    return durable.namespace(Order)


@pytest.fixture
async def books(durable):
    stock = durable.namespace(Stock).get_by_name("books")
    await stock.fill(10)
    return stock


async def test_an_order_reserves_goods(durable, orders, books):
    order = orders.get_by_name("1")
    assert await order.place("books", 3) == "reserved"
    assert await books.free() == 7
    durable.assert_alarm(order, after=15 * 60)


async def test_an_order_without_goods_is_cancelled_at_once(durable, orders, books):
    order = orders.get_by_name("1")
    assert await order.place("books", 11) == "cancelled"
    assert await books.free() == 10
    durable.assert_no_alarm(order)


async def test_a_payment_in_time_keeps_the_goods(durable, orders, books):
    order = orders.get_by_name("1")
    await order.place("books", 3)
    await durable.clock.advance(minutes=14)
    assert await order.pay() is True
    await durable.clock.advance(hours=1)
    assert await books.free() == 7
    durable.assert_alarm_ran(order, times=0)


async def test_a_payment_that_does_not_come_gives_the_goods_back(durable, orders, books):
    order = orders.get_by_name("1")
    await order.place("books", 3)
    await durable.clock.advance(minutes=15)
    assert await order.state() == "cancelled"
    assert await books.free() == 10
    assert await order.pay() is False


async def test_compensation_is_retried_until_the_stock_answers(durable, orders, books):
    order = orders.get_by_name("1")
    await order.place("books", 3)
    await books.jam(True)
    await durable.clock.advance(hours=3)
    assert await order.state() == "reserved"
    await books.jam(False)
    await durable.clock.advance(minutes=1)
    assert await order.state() == "cancelled"
    assert await books.free() == 10


async def test_the_deadline_passes_while_the_process_is_down(durable, orders, books):
    order = orders.get_by_name("1")
    await order.place("books", 3)
    await durable.restart(down_for="2h")
    assert await order.state() == "cancelled"
    assert await books.free() == 10


async def test_no_goods_are_lost_wherever_the_process_dies(durable, orders, books):
    """Cut the process at the first step of an order, at the second, and so on; what is left must always come right."""
    for step in count(1):
        order = orders.get_by_name(str(step))
        durable.crash_at(Record, nth=step)
        try:
            await order.place("books", 3)
        except PlatformError as error:
            assert error.retryable  # the connection was lost, nothing else
        await durable.clock.advance(minutes=20)
        was_cut = not durable.is_running

        durable.crash_at(None)  # it was not reached in the last round
        await durable.start()
        await durable.clock.advance(minutes=20)
        assert await order.state() in (None, "cancelled")
        assert await books.free() == 10
        if not was_cut:
            break
    assert step > 20

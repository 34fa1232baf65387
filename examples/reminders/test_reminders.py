from datetime import timedelta

import pytest
from reminders import Outbox, Reminders


@pytest.fixture
def people(durable):
    return durable.namespace(Reminders)


@pytest.fixture
def outbox(durable):
    return durable.namespace(Outbox).get_by_name("outbox")


async def test_a_reminder_is_sent_when_its_time_comes(durable, people, outbox):
    alice = people.get_by_name("alice")
    await alice.remind_in(3600, "stand up")

    await durable.clock.advance(minutes=59)
    assert await outbox.sent() == []
    await durable.clock.advance(minutes=1)
    assert await outbox.sent() == ["stand up"]


async def test_one_alarm_serves_all_reminders(durable, people, outbox):
    alice = people.get_by_name("alice")
    await alice.remind_in(7200, "second")
    await alice.remind_in(3600, "first")
    durable.assert_alarm(alice, after=3600)

    await durable.clock.advance(hours=1)
    durable.assert_alarm(alice, after=3600)
    await durable.clock.advance(hours=1)
    assert await outbox.sent() == ["second", "first"]  # in the order of their numbers
    durable.assert_no_alarm(alice)
    durable.assert_alarm_ran(alice, times=2)


async def test_cancelling_the_last_reminder_clears_the_alarm(durable, people, outbox):
    alice = people.get_by_name("alice")
    number = await alice.remind_in(3600, "stand up")
    assert await alice.cancel(number) is True
    assert await alice.cancel(number) is False
    durable.assert_no_alarm(alice)


async def test_a_reminder_survives_a_restart(durable, people, outbox):
    alice = people.get_by_name("alice")
    await alice.remind_in(3600, "stand up")

    await durable.restart()

    durable.assert_alarm(alice, after=3600)
    await durable.clock.advance(hours=1)
    assert await outbox.sent() == ["stand up"]
    durable.assert_object_count(people, 1)


@pytest.mark.parametrize("end", ["restart", "crash", "evict"])
async def test_a_reminder_survives_whatever_ends_the_object(durable, people, end):
    alice = people.get_by_name("alice")
    await alice.remind_in(3600, "stand up")
    due = await durable.assert_alarm_survives(alice, through=end)
    assert due == durable.clock.now() + timedelta(hours=1)


async def test_reminders_missed_while_the_process_was_down_are_sent_late(durable, people, outbox):
    alice = people.get_by_name("alice")
    await alice.remind_in(3600, "stand up")

    await durable.restart(down_for=timedelta(days=3))

    assert await outbox.sent() == ["stand up"]
    assert durable.clock.now().day == 4


async def test_a_broken_outbox_delays_the_reminder_but_does_not_lose_it(durable, people, outbox):
    alice = people.get_by_name("alice")
    await outbox.set_broken(True)
    await alice.remind_in(60, "stand up")

    await durable.clock.advance(seconds=65)
    durable.assert_alarm_ran(alice, times=2, outcome="failed")
    await outbox.set_broken(False)
    await durable.clock.advance(minutes=1)

    assert await outbox.sent() == ["stand up"]
    durable.assert_alarm_ran(alice, times=1, outcome="ok")


async def test_an_outbox_that_is_broken_for_hours_loses_nothing_either(durable, people, outbox):
    alice = people.get_by_name("alice")
    await outbox.set_broken(True)
    await alice.remind_in(60, "stand up")

    await durable.clock.advance(hours=5)  # the platform alone would have given up after two minutes
    await outbox.set_broken(False)
    await durable.clock.advance(minutes=15)

    assert await outbox.sent() == ["stand up"]


async def test_a_reminder_that_was_sent_before_a_crash_is_not_sent_twice(durable, people, outbox):
    from pytest_durable.events import ReplySent

    alice = people.get_by_name("alice")
    await alice.remind_in(60, "stand up")
    durable.crash_at(ReplySent, object=outbox)  # the outbox has it; the person's object does not know yet

    await durable.clock.advance(minutes=2)
    assert not durable.is_running
    await durable.start()

    durable.assert_alarm_ran(alice, times=1, outcome="ok")
    assert await outbox.sent() == ["stand up"]

"""An alarm that never ends: who is told, when, and what is left afterwards (decisions 4.4)."""

import asyncio

import pytest

from pytest_durable._core.errors import AlarmLoopError, StuckError
from pytest_durable._core.platform_errors import PlatformError
from support.alarms import Armed, Run, ms, now_ms, recorder, records_of, seconds

pytestmark = pytest.mark.durable(storage="memory")


def set_again_in(delay_s: float):
    return recorder(lambda instance, _info: instance.arm(seconds(now_ms()) + delay_s))


async def test_run_until_idle_reports_an_alarm_that_sets_the_next_one_for_ever(durable):
    often = durable.namespace(set_again_in(5)).get_by_name("a")
    await often.arm(5)
    with pytest.raises(AlarmLoopError) as caught:
        await durable.clock.run_until_idle()
    assert str(caught.value).splitlines() == [
        'The alarm of RECORDER["a"] re-arms itself for ever: due again after 1,000 runs in run_until_idle().',
        "",
        "  expected  a run that sets no further alarm",
        "  actual    each run has set the next one, or is being retried",
        "",
        "Bound the journey:  await durable.clock.advance(seconds=50)",
    ]


@pytest.mark.parametrize(
    ("delay_s", "says"),
    [
        (0.02, "Bound the journey:  await durable.clock.advance(seconds=1)"),
        (90, "Bound the journey:  await durable.clock.advance(minutes=15)"),
        (3600, "Bound the journey:  await durable.clock.advance(hours=10)"),
        (86_400, "Bound the journey:  await durable.clock.advance(days=10)"),
        (0, "Let the handler set a time in the future, for example now + 1000 ms."),
    ],
)
@pytest.mark.parametrize("max_alarms", [1, 7])
async def test_report_of_an_endless_alarm_proposes_a_journey_of_about_ten_runs(durable, delay_s, says, max_alarms):
    await durable.namespace(set_again_in(delay_s)).get_by_name("a").arm(5)
    with pytest.raises(AlarmLoopError) as caught:
        await durable.clock.run_until_idle(max_alarms=max_alarms)
    assert str(caught.value).splitlines()[-1] == says


async def test_max_alarms_bounds_the_runs_of_each_alarm_in_run_until_idle(durable):
    cls = set_again_in(5)
    often = durable.namespace(cls).get_by_name("a")
    await often.arm(5)
    with pytest.raises(AlarmLoopError, match=r"due again after 3 runs in run_until_idle\(\)\."):
        await durable.clock.run_until_idle(max_alarms=3)
    assert [run.at for run in cls.runs] == [5, 10, 15]


async def test_alarms_of_different_objects_are_counted_apart(durable):
    cls = recorder()
    namespace = durable.namespace(cls)
    for number in range(5):
        await namespace.get_by_name(str(number)).arm(60)
    await durable.clock.run_until_idle(max_alarms=1)
    assert len(cls.runs) == 5


async def test_alarms_of_equal_objects_on_two_hosts_are_counted_apart(durable):
    other = type(durable)(app=durable.app, storage="memory", world=durable.world)
    first, second = recorder(), recorder()
    await durable.namespace(first).get_by_name("a").arm(60)
    await other.namespace(second).get_by_name("a").arm(60)
    await durable.clock.run_until_idle(max_alarms=1)
    await other.finish()
    other.close()
    assert (len(first.runs), len(second.runs)) == (1, 1)


async def test_as_many_runs_as_max_alarms_are_fine(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.run_until_idle(max_alarms=1)
    await stub.arm(120)
    await durable.clock.run_until_idle(max_alarms=1)
    assert cls.runs == [Run(60, 60), Run(120, 120)]


async def test_await_of_the_test_reports_an_alarm_that_sets_the_next_one_for_ever(durable):
    cls = set_again_in(5)
    await durable.namespace(cls).get_by_name("a").arm(5)
    with pytest.raises(AlarmLoopError, match=r"due again after 1,000 runs in one await of the test\.") as caught:
        await asyncio.get_running_loop().create_future()
    assert not isinstance(caught.value, StuckError)
    assert len(cls.runs) == 1000


async def test_each_await_of_the_test_is_counted_by_itself(durable):
    cls = set_again_in(5)
    await durable.namespace(cls).get_by_name("a").arm(5)
    for _ in range(2):
        await asyncio.sleep(600 * 5)
    assert len(cls.runs) == 1200


async def test_advance_and_move_to_are_bounded_by_their_target_only(durable):
    cls = set_again_in(5)
    await durable.namespace(cls).get_by_name("a").arm(5)
    await durable.clock.advance(seconds=5005)
    assert len(cls.runs) == 1001


async def test_alarm_that_lets_no_time_pass_is_reported_under_advance_too(durable):
    cls = set_again_in(0)
    await durable.namespace(cls).get_by_name("a").arm(60)
    with pytest.raises(AlarmLoopError) as caught:
        await durable.clock.advance(minutes=5)
    assert str(caught.value).splitlines() == [
        'The alarm of RECORDER["a"] re-arms itself for ever: 1,000 runs at one instant.',
        "",
        "  expected  each run sets its next alarm later than now, or none",
        "  actual    the clock has not moved between the runs",
        "",
        "Let the handler set a time in the future, for example now + 1000 ms.",
    ]
    assert {run.at for run in cls.runs} == {60}


@pytest.mark.durable(storage="disk")
async def test_alarm_that_loops_at_the_start_of_a_life_fails_the_start(durable):
    cls = set_again_in(0)
    await durable.namespace(cls).get_by_name("a").arm(60)
    with pytest.raises(AlarmLoopError, match="1,000 runs at one instant"):
        await durable.restart(down_for="2m")


async def test_objects_that_wake_each_other_for_ever_are_reported(durable):
    class Player(Armed):
        async def alarm(self, info):
            other = {"ping": "pong", "pong": "ping"}[self.ctx.id.name]
            await self.env.PLAYER.getByName(other).arm(seconds(now_ms()) + 1)

    ping = durable.namespace(Player).get_by_name("ping")
    await ping.arm(1)
    with pytest.raises(AlarmLoopError, match=r'The alarm of PLAYER\["p[io]ng"\] re-arms itself for ever'):
        await durable.clock.run_until_idle(max_alarms=20)


async def test_alarm_that_runs_often_does_not_keep_the_host_from_stopping(durable):
    # decisions 4.5: the wait for calls in flight is bounded by its 30 virtual seconds.
    class Busy(set_again_in(0.02)):
        async def long(self):
            await asyncio.sleep(3600)

    stub = durable.namespace(Busy).get_by_name("a")
    await stub.arm(0)
    call = asyncio.ensure_future(stub.long())
    await durable.settle()
    await durable.stop()
    assert seconds(durable.clock.time_ms()) == 30
    assert len(Busy.runs) > 1000
    with pytest.raises(PlatformError, match="Network connection lost"):
        await call


async def test_reported_alarm_keeps_both_records(durable):
    namespace = durable.namespace(set_again_in(0))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with pytest.raises(AlarmLoopError):
        await durable.clock.advance(minutes=5)
    assert records_of(durable, namespace, stub) == (60, 60)
    assert [alarm.state for alarm in durable.alarms()] == ["waiting"]


@pytest.mark.parametrize("journey", ["advance", "run_until_idle", "await"])
async def test_alarm_that_loops_at_one_instant_is_reported_by_each_journey_anew(durable, journey):
    await durable.namespace(set_again_in(0)).get_by_name("a").arm(60)
    with pytest.raises(AlarmLoopError):
        await durable.clock.advance(minutes=5)
    for _ in range(2):
        with pytest.raises(AlarmLoopError, match="1,000 runs at one instant"):
            await {
                "advance": lambda: durable.clock.advance(minutes=5),
                "run_until_idle": lambda: durable.clock.run_until_idle(max_alarms=5_000),
                "await": lambda: asyncio.sleep(300),
            }[journey]()


async def test_alarm_that_was_stopped_at_one_instant_is_shown_as_due_when_time_passes(durable):
    stub = durable.namespace(set_again_in(0)).get_by_name("a")
    await stub.arm(60)
    with pytest.raises(AlarmLoopError):
        await durable.clock.advance(minutes=5)
    assert [(item.key, seconds(round(item.due.timestamp() * 1000))) for item in durable.clock.pending()] == [
        (stub.id.hex, 60.001)
    ]
    assert [(alarm.name, alarm.state) for alarm in durable.alarms()] == [("a", "waiting")]


async def test_alarm_that_was_stopped_at_one_instant_does_not_run_while_time_stands_still(durable):
    cls = set_again_in(0)
    await durable.namespace(cls).get_by_name("a").arm(60)
    with pytest.raises(AlarmLoopError):
        await durable.clock.advance(minutes=5)
    await durable.settle()
    await durable.stop()  # nor does the end of a test run it
    assert len(cls.runs) == 1000


async def test_alarm_that_was_stopped_at_one_instant_runs_again_once_it_is_set_anew(durable):
    cls = recorder(lambda instance, info: instance.arm(60) if info.scheduledTime == ms(60) else None)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    with pytest.raises(AlarmLoopError):
        await durable.clock.advance(minutes=5)
    await stub.arm(120)
    await durable.clock.advance(minutes=5)
    assert cls.runs[-1] == Run(120, 120)


async def test_alarm_that_was_reported_goes_on_when_its_journey_is_bounded(durable):
    cls = set_again_in(5)
    await durable.namespace(cls).get_by_name("a").arm(5)
    with pytest.raises(AlarmLoopError):
        await durable.clock.run_until_idle(max_alarms=2)
    await durable.clock.advance(seconds=10)
    assert [run.at for run in cls.runs] == [5, 10, 15, 20, 25]


async def test_runs_that_the_test_asks_for_are_no_loop(durable):
    class Quiet(Armed):
        async def alarm(self, info):
            pass

    stub = durable.namespace(Quiet).get_by_name("a")
    for _ in range(1001):
        await stub.arm(60)
        assert await durable.run_alarm(stub)

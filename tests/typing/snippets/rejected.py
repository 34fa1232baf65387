"""What users get wrong. A type checker must refuse each marked line, with the code it names, and no other line."""

from datetime import UTC, datetime

from pytest_durable import App, Host, Journal, Namespace, PlatformOptions, Stub
from pytest_durable.events import AlarmFinished, Committed


async def wrong_time(durable: Host) -> None:
    await durable.clock.advance(90)  # E: arg-type
    await durable.clock.advance(weeks=1)  # E: call-arg
    await durable.clock.move_to("2031-01-01")  # E: arg-type
    durable.clock.time_ms = 3  # E: method-assign, assignment


async def wrong_life(durable: Host, alice: Stub, people: Namespace) -> None:
    await durable.restart(app="src/entry.py")  # E: arg-type
    await durable.restart(down_for=3600)  # E: arg-type
    durable.crash_at("Committed")  # E: arg-type
    durable.fail_next("alice", "commit")  # E: arg-type
    durable.crash_at(Committed, object="alice")  # E: arg-type
    durable.is_running = True  # E: misc
    await durable.evict(people)  # E: arg-type
    await durable.evict(alice, web_sockets="keep")  # E: arg-type
    await durable.evict_all(alice)  # E: arg-type
    await durable.abort_isolate(5)  # E: arg-type


async def wrong_claims(durable: Host, alice: Stub, people: Namespace) -> None:
    durable.assert_alarm(alice, 3600)  # E: arg-type, call-arg
    durable.assert_alarm(alice, at="2030-01-01")  # E: arg-type
    durable.assert_alarm(people, after=1)  # E: arg-type
    durable.assert_alarm_ran(alice, times="once")  # E: arg-type
    durable.assert_alarm_ran(alice, outcome="good")  # E: arg-type
    durable.assert_object_count(alice, 1)  # E: arg-type
    durable.assert_stored(alice, ["text"])  # E: arg-type
    await durable.assert_alarm_survives(alice, through="sleep")  # E: arg-type
    durable.assert_alarms(alice)  # E: attr-defined


def wrong_looking(durable: Host, alice: Stub, journal: Journal) -> None:
    durable.stored("alice")  # E: arg-type
    durable.stored(alice).kv["text"] = 1  # E: index
    journal.of("AlarmFinished")  # E: arg-type
    _ = journal.of(AlarmFinished)[0].attempt  # E: attr-defined
    journal.of(AlarmFinished)[0].ok = True  # E: misc


def wrong_making(durable: Host) -> None:
    durable.namespace(7)  # E: arg-type
    durable.namespace("m:C", storage="ram")  # E: arg-type
    Host(storage="ram")  # E: arg-type
    Host(start=datetime.now(UTC).timestamp())  # E: arg-type
    App(surface="rare")  # E: arg-type
    App(classes="src.entry:Counter,")  # E: arg-type
    PlatformOptions(evict=False)  # E: call-arg

import json
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest

from pytest_durable.events import AlarmStarted, CronFired, CronMissed, Record

pytestmark = pytest.mark.durable(config="hourly_digest/wrangler.jsonc", start="2030-01-01T08:30:00Z")


class News:
    """The service that has the news, played by the test."""

    def __init__(self, network):
        self.titles = []
        self.route = network.respond("https://news.example/items?after=*", self._answer)

    def write(self, *titles):
        self.titles += titles

    def _answer(self, request):
        after = int(request.url.rpartition("=")[2])
        new = list(enumerate(self.titles, 1))[after:]
        return json.dumps([{"number": number, "title": title} for number, title in new])


class Mail:
    """The service that sends mail: a mail with a key that it knows is not sent again."""

    def __init__(self, network):
        self.sent = {}
        self.route = network.respond("https://mail.example/send", self._answer, method="POST")

    @property
    def lines(self):
        return [line for mail in self.sent.values() for line in mail]

    def _answer(self, request):
        self.sent.setdefault(request.headers["idempotency-key"], request.json())
        return "thank you"


@pytest.fixture
def news(durable):
    return News(durable.network)


@pytest.fixture
def mail(durable):
    return Mail(durable.network)


@pytest.fixture
def digest(durable):
    return durable.namespace("DIGEST").get_by_name("digest")


async def status(durable):
    return await (await durable.fetch("https://digest.example/")).json()


async def test_what_is_new_is_collected_on_the_hour_and_sent_ten_minutes_later(durable, digest, news, mail):
    news.write("rain", "sun")

    await durable.clock.move_to(datetime(2030, 1, 1, 9, tzinfo=UTC))
    assert await status(durable) == {"waiting": 2, "sent": 0}
    durable.assert_alarm(digest, after="10m")
    assert mail.lines == []

    await durable.clock.advance(minutes=10)
    assert mail.sent == {"digest-1": ["rain", "sun"]}
    assert await status(durable) == {"waiting": 0, "sent": 1}
    durable.assert_no_alarm(digest)


async def test_each_hour_has_its_own_mail(durable, news, mail):
    for title in ("rain", "sun", "fog"):
        news.write(title)
        await durable.clock.advance(hours=1)

    assert mail.sent == {"digest-1": ["rain"], "digest-2": ["sun"], "digest-3": ["fog"]}
    assert len(durable.journal.of(CronFired)) == 3


async def test_an_hour_without_news_has_no_mail(durable, digest, news, mail):
    await durable.clock.advance(hours=5)

    assert len(news.route.requests) == 5
    assert mail.route.requests == ()
    durable.assert_no_alarm(digest)


async def test_a_collection_by_hand_takes_nothing_twice(durable, news, mail):
    news.write("rain")
    assert (await durable.scheduled()).outcome == "ok"
    assert (await durable.scheduled()).outcome == "ok"

    await durable.clock.advance(hours=1)

    assert mail.lines == ["rain"]


async def test_two_collections_at_once_take_nothing_twice(durable, digest, news, mail):
    news.write("rain")
    one, other = digest.collect(), digest.collect()
    assert sorted([await one, await other]) == [0, 1]

    await durable.clock.advance(hours=1)
    assert mail.lines == ["rain"]


# Services that do not answer.


async def test_news_that_do_not_answer_are_asked_again_an_hour_later(durable, news, mail):
    news.write("rain")
    durable.network.respond("https://news.example/*", status=503, times=1)
    durable.network.respond("https://news.example/*", failure="no such host", times=1)

    await durable.clock.advance(hours=2)
    assert await status(durable) == {"waiting": 0, "sent": 0}
    await durable.clock.advance(hours=1)

    assert mail.lines == ["rain"]


async def test_a_failed_collection_is_told_to_who_runs_it(durable):
    durable.network.respond("https://news.example/*", status=503)

    result = await durable.scheduled()

    assert result.outcome == "exception"
    assert "the news answered 503" in str(result.exception)


async def test_a_mail_that_is_refused_is_sent_again(durable, digest, news, mail):
    news.write("rain")
    durable.network.respond("https://mail.example/send", status=503, times=2)

    await durable.clock.advance(hours=1)

    durable.assert_alarm_ran(digest, times=2, outcome="failed")
    durable.assert_alarm_ran(digest, times=1, outcome="ok")
    assert mail.sent == {"digest-1": ["rain"]}


async def test_each_retry_waits_twice_as_long_as_the_one_before(durable, news):
    news.write("rain")
    refusing = durable.network.respond("https://mail.example/send", status=503)

    await durable.clock.advance(minutes=45)

    pauses = [(later.time - earlier.time).total_seconds() for earlier, later in pairwise(refusing.requests)][:6]
    for pause, least in zip(pauses, [2, 4, 8, 16, 32, 64], strict=True):
        assert least <= pause <= least * 1.25  # the platform adds up to a quarter, by chance


async def test_mail_that_is_down_for_hours_loses_nothing(durable, digest, news, mail):
    """The platform alone would give up two minutes after the first attempt."""
    durable.network.respond("https://mail.example/send", failure=True, times=100)
    for title in ("rain", "sun", "fog"):
        news.write(title)
        await durable.clock.advance(hours=1)
    assert mail.sent == {}
    durable.assert_alarm(digest, within="10m")

    durable.network.respond("https://mail.example/send", mail._answer)
    await durable.clock.advance(minutes=25)

    assert mail.sent == {"digest-1": ["rain"], "digest-2": ["sun", "fog"]}


# What ends the process or the object.


@pytest.mark.parametrize("end", ["restart", "crash", "evict", "abort_isolate"])
async def test_what_was_collected_is_sent_whatever_ends_the_object(durable, digest, news, mail, end):
    news.write("rain")
    await durable.scheduled()

    due = await durable.assert_alarm_survives(digest, through=end)

    assert due == durable.clock.now() + timedelta(minutes=10)
    await durable.clock.move_to(due)
    assert mail.lines == ["rain"]


async def test_hours_that_were_missed_while_the_process_was_down_are_made_up_for_by_the_next(durable, news, mail):
    news.write("rain")
    await durable.restart(down_for="5h")  # 08:30 to 13:30

    (missed,) = durable.journal.of(CronMissed)
    assert missed.count == 5
    assert news.route.requests == ()  # the platform does not run them late
    news.write("sun")
    await durable.clock.advance(minutes=40)

    assert mail.sent == {"digest-1": ["rain", "sun"]}


async def test_a_mail_that_was_due_while_the_process_was_down_is_sent_at_the_start(durable, digest, news, mail):
    news.write("rain")
    await durable.scheduled()

    await durable.restart(crash=True, down_for="1d")

    (run,) = durable.journal.of(AlarmStarted, object=digest)
    assert run.due_ns < run.time_ns
    assert mail.lines == ["rain"]


async def test_every_title_is_sent_once_wherever_the_process_dies(durable, news, mail):
    """Cut the process at the first step of an hour, at the second, and so on."""
    for step in count(1):
        news.write(f"title {step}")
        durable.crash_at(Record, nth=step)
        await durable.clock.advance(hours=1)
        was_cut = not durable.is_running

        durable.crash_at(None)  # it was not reached in the last round
        await durable.start()
        await durable.clock.advance(hours=1)
        assert mail.lines == news.titles
        if not was_cut:
            break
    assert step > 20

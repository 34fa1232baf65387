"""Batches of a queue: what the handler is handed, and what becomes of the messages (PW-7.5, 7.7)."""

from pathlib import Path
from typing import Any

import pytest

from pytest_durable import Host, HostFactory
from pytest_durable.errors import ConfigurationError
from support.worker_project import Project

BEGIN = """
from workers import WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def queue(self, batch, env, ctx):
"""


def consumer(tmp_path: Path, durable_factory: HostFactory, *body: str) -> Host:
    main = BEGIN + "".join(f"        {line}\n" for line in body)
    return durable_factory(app=Project(tmp_path, main).app())


async def test_batch_shows_its_messages(tmp_path: Path, durable_factory: HostFactory) -> None:
    # PW-7.5
    host = consumer(
        tmp_path,
        durable_factory,
        "from datetime import datetime",
        "first, second = batch.messages",
        "assert (batch.queue, env, ctx) == ('orders', None, None)",
        "assert (first.body, second.body.a, second.body['a']) == ('one', [2], [2])",
        "assert type(first.id) is str and first.id != second.id",
        "assert (first.attempts, first.timestamp) == (3, datetime.now())",
    )

    result = await host.queue("orders", ["one", {"a": [2]}], attempts=3)

    assert (result.outcome, len(result.acknowledged), result.retried) == ("ok", 2, {})


@pytest.mark.parametrize("body", ["text", {"a": 1}, 1, None, True, [1, "a"], "", {"a": {"b": [1]}}])
async def test_body_arrives_equal(tmp_path: Path, durable_factory: HostFactory, body: object) -> None:
    host = consumer(tmp_path, durable_factory, f"assert batch.messages[0].body == {body!r}")

    assert (await host.queue("orders", [body])).outcome == "ok"


@pytest.mark.parametrize(
    ("body", "acknowledged", "retried"),
    [
        (["pass"], [0, 1], {}),
        (["raise ValueError('no')"], [], {0: None, 1: None}),
        (["batch.messages[0].ack()", "raise ValueError('no')"], [0], {1: None}),
        (["batch.messages[0].retry()"], [1], {0: None}),
        (["batch.messages[0].retry(delaySeconds=30)"], [1], {0: 30}),
        (["batch.messages[0].retry({'delaySeconds': 30})"], [1], {0: 30}),
        (["batch.retryAll(delaySeconds=5)"], [], {0: 5, 1: 5}),
        (["batch.messages[0].ack()", "batch.retryAll()"], [0], {1: None}),
        (["batch.ackAll()", "raise ValueError('no')"], [0, 1], {}),
        (["batch.messages[0].ack()", "batch.messages[0].retry()"], [0, 1], {}),
        (["batch.messages[0].retry()", "batch.messages[0].ack()"], [1], {0: None}),
        (["batch.retryAll()", "batch.messages[0].ack()", "batch.ackAll()"], [], {0: None, 1: None}),
    ],
)
async def test_messages_are_acknowledged_or_tried_again(
    tmp_path: Path, durable_factory: HostFactory, body: list[str], acknowledged: list[int], retried: dict[int, Any]
) -> None:
    # PW-7.5, 7.7
    host = consumer(tmp_path, durable_factory, *body)

    result = await host.queue("orders", ["a", "b"])

    ids = [*result.acknowledged, *result.retried]
    assert len(result.acknowledged) == len(acknowledged)
    assert list(result.retried.values()) == list(retried.values())
    assert len(set(ids)) == 2
    assert result.outcome == ("exception" if "raise ValueError('no')" in body else "ok")


async def test_batch_of_nothing_is_refused(tmp_path: Path, durable_factory: HostFactory) -> None:
    host = consumer(tmp_path, durable_factory, "pass")

    with pytest.raises(ConfigurationError, match=r"^queue\(\) takes the bodies of the messages\."):
        await host.queue("orders", [])
    with pytest.raises(ConfigurationError, match=r"^queue\(\) takes the bodies of the messages\."):
        await host.queue("orders", "text")

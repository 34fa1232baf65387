import json

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import Committed

pytest.importorskip("fastapi", reason="FastAPI is not installed:  pip install 'pytest-durable[examples]'")

URL = "https://counters.example"


@pytest.fixture
def kitchen(durable):
    return durable.namespace("COUNTER").get_by_name("kitchen")


async def count(durable, name, **step):
    headers = {"Content-Type": "application/json"}
    return await durable.fetch(f"{URL}/counters/{name}", method="POST", headers=headers, body=json.dumps(step))


async def total(durable, name):
    answer = await durable.fetch(f"{URL}/counters/{name}")
    return (await answer.json())["total"]


async def test_each_counter_counts_for_itself(durable, kitchen):
    answer = await count(durable, "kitchen", by=2)
    assert (answer.status, await answer.json()) == (201, {"name": "kitchen", "total": 2})
    await count(durable, "kitchen")

    assert [await total(durable, name) for name in ("kitchen", "hall")] == [3, 0]
    durable.assert_stored(kitchen, {"total": 3})


@pytest.mark.parametrize(("by", "status"), [(0, 422), ("many", 422), (101, 409)])
async def test_a_step_that_is_none_is_refused_and_wakes_nobody(durable, by, status):
    assert (await count(durable, "kitchen", by=by)).status == status
    durable.assert_object_count(durable.namespace("COUNTER"), 0)


async def test_the_export_is_a_stream_of_lines(durable):
    await count(durable, "kitchen", by=7)

    answer = await durable.fetch(f"{URL}/export?name=kitchen&name=hall")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert await answer.text() == "kitchen,7\nhall,0\n"


# What ends the process, the isolate or the object.


async def test_totals_survive_a_restart(durable):
    await count(durable, "kitchen", by=2)

    await durable.restart()

    assert await total(durable, "kitchen") == 2


async def test_totals_survive_a_crash(durable):
    await count(durable, "kitchen", by=2)

    await durable.restart(crash=True)

    assert await total(durable, "kitchen") == 2


async def test_a_step_is_made_though_its_answer_is_lost(durable, kitchen):
    durable.crash_at(Committed, object=kitchen)

    with pytest.raises(PlatformError, match="Network connection lost"):
        await count(durable, "kitchen", by=2)
    await durable.start()

    assert await total(durable, "kitchen") == 2  # a client that tries again counts twice


async def test_eviction_takes_the_memory_of_an_object_and_leaves_its_total(durable, kitchen):
    await count(durable, "kitchen", by=2)
    assert await kitchen.steps_made() == 1

    await durable.evict(kitchen)

    assert await kitchen.steps_made() == 0
    assert await total(durable, "kitchen") == 2


async def test_another_isolate_has_another_application(durable):
    await count(durable, "kitchen", by=2)
    await count(durable, "kitchen", by=2)
    assert await (await durable.fetch(f"{URL}/served")).json() == 3

    await durable.abort_isolate()

    assert await (await durable.fetch(f"{URL}/served")).json() == 1
    assert await total(durable, "kitchen") == 4

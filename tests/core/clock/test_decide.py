"""The rule of the idle loop, as a table."""

import pytest

from pytest_durable._core.clock.decision import Turn, Wants, decide

NOBODY = {"settled": False, "target_at": None, "idle": False, "autojump": False}


@pytest.mark.parametrize(
    ("any_at", "event_at", "wants", "expected"),
    [
        pytest.param(5, 5, {"settled": True, "autojump": True}, (Turn.SETTLED, None), id="settling moves no time"),
        pytest.param(5, 5, {"settled": True, "target_at": 9}, (Turn.SETTLED, None), id="settling comes first"),
        pytest.param(5, 5, {"target_at": 9}, (Turn.STEP, 5), id="item before the target"),
        pytest.param(9, 9, {"target_at": 9}, (Turn.STEP, 9), id="item at the target"),
        pytest.param(10, 10, {"target_at": 9}, (Turn.REACHED, 9), id="item after the target"),
        pytest.param(None, None, {"target_at": 9}, (Turn.REACHED, 9), id="nothing before the target"),
        pytest.param(5, None, {"target_at": 9}, (Turn.STEP, 5), id="housekeeping before the target"),
        pytest.param(5, 7, {"idle": True}, (Turn.STEP, 5), id="housekeeping on the way to an event"),
        pytest.param(5, None, {"idle": True}, (Turn.IDLE, None), id="housekeeping alone is idle"),
        pytest.param(5, 5, {"autojump": True}, (Turn.STEP, 5), id="the test waits"),
        pytest.param(5, 7, {"autojump": True}, (Turn.STEP, 5), id="the test waits past housekeeping"),
        pytest.param(5, None, {"autojump": True}, (Turn.STUCK, None), id="housekeeping alone wakes nobody"),
        pytest.param(None, None, {"autojump": True}, (Turn.STUCK, None), id="nothing can happen"),
        pytest.param(5, 5, {}, (Turn.STUCK, None), id="autojump is off"),
    ],
)
def test_idle_loop_does_what_the_table_says(any_at, event_at, wants, expected):
    assert decide(any_at, event_at, Wants(**{**NOBODY, **wants})) == expected

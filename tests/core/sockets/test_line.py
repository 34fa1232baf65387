"""A line with two ends, and what may be sent on it."""

import pytest

from pytest_durable._core.sockets import Broken, Close, End, Frame, Lost, make_line, refusal_of_close, size_of


def heard_by(end: End) -> list[Frame]:
    heard: list[Frame] = []
    end.receive_with(heard.append)
    return heard


def test_what_is_sent_before_anybody_receives_waits_in_order() -> None:
    one, other = make_line()
    one.send("a")
    one.send(b"b")
    heard = heard_by(other)
    one.send("c")
    assert heard == ["a", b"b", "c"]


def test_side_that_has_closed_sends_nothing_more_and_still_receives() -> None:
    one, other = make_line()
    at_one, at_other = heard_by(one), heard_by(other)
    one.send(Close(1000, "bye"))
    one.send("late")
    other.send("still")
    assert at_other == [Close(1000, "bye")]
    assert at_one == ["still"]
    assert not one.is_over


def test_line_is_over_when_both_have_closed() -> None:
    one, other = make_line()
    at_one = heard_by(one)
    one.send(Close(1000, ""))
    other.send(Close(4000, "x"))
    other.send("late")
    other.lose()
    assert one.is_over
    assert other.is_over
    assert at_one == [Close(4000, "x")]
    assert not one.is_cut


def test_end_that_goes_is_noticed_by_the_other_once() -> None:
    one, other = make_line()
    at_one, at_other = heard_by(one), heard_by(other)
    one.lose()
    one.lose()
    other.send("nobody hears it")
    assert at_other == [Lost()]
    assert at_one == []
    assert one.is_cut
    assert other.is_cut


def test_failure_says_how() -> None:
    one, other = make_line()
    at_other = heard_by(other)
    one.fail("invalid frame")
    assert at_other == [Broken("invalid frame")]


def test_end_of_a_line_waits_behind_what_was_sent() -> None:
    one, other = make_line()
    one.send("a")
    one.lose()
    assert heard_by(other) == ["a", Lost()]


def test_line_tells_its_state() -> None:
    one, other = make_line()
    one.send("a")
    assert repr(other) == "<End of a line, open, 1 waiting>"
    one.lose()
    assert repr(one) == "<End of a line, cut, 0 waiting>"
    assert one.couple() is one


@pytest.mark.parametrize(("message", "size"), [("", 0), ("ab", 2), ("é", 2), ("\ud800", 3), (b"\xff", 1)], ids=repr)
def test_size_is_that_on_the_line(message: str | bytes, size: int) -> None:
    assert size_of(message) == size


def test_reason_has_no_limit_in_older_applications() -> None:
    # PW-6.14
    assert refusal_of_close(1000, "x" * 124) is not None
    assert refusal_of_close(1000, "x" * 124, limits_reason=False) is None

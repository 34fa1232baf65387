"""The clock alone: no loop, no foreign clock."""

import pytest

from pytest_durable._core.clock import Clock, Timer

SECOND = 1_000_000_000


def run_due(clock: Clock) -> None:
    while timer := clock.take_due():
        timer.run()


def nothing() -> None:
    pass


def test_elapsed_time_starts_at_zero(clock):
    assert (clock.wall_ns, clock.elapsed_ns) == (1_893_456_000 * SECOND, 0)


def test_advancing_moves_wall_and_elapsed_time_alike(clock):
    clock.advance(1_500_000)
    assert (clock.wall_ns - 1_893_456_000 * SECOND, clock.elapsed_ns) == (1_500_000, 1_500_000)


def test_time_ms_is_whole_milliseconds_rounded_down():
    assert Clock(1_999_999).time_ms() == 1


def test_item_runs_once_when_it_is_due(clock):
    calls = []
    clock.schedule(clock.wall_ns + SECOND, lambda: calls.append("ran"))
    clock.advance(SECOND - 1)
    run_due(clock)
    assert calls == []
    clock.advance(1)
    run_due(clock)
    run_due(clock)
    assert calls == ["ran"]


def test_item_whose_instant_is_over_is_due_at_once(clock):
    timer = clock.schedule(clock.wall_ns - SECOND, nothing)
    assert clock.take_due() is timer


def test_ties_run_in_the_order_of_instant_then_key_then_asking(clock):
    order = []
    for due, key, name in [(2, "a", "late"), (1, "b", "b"), (1, "a", "a, first asked"), (1, "a", "a, then asked")]:
        clock.schedule(clock.wall_ns + due, lambda name=name: order.append(name), key=key)
    clock.advance(2)
    run_due(clock)
    assert order == ["a, first asked", "a, then asked", "b", "late"]


def test_event_goes_before_housekeeping_of_the_same_instant_and_key(clock):
    order = []
    clock.schedule_after(1, lambda: order.append("housekeeping"), housekeeping=True)
    clock.schedule_after(1, lambda: order.append("event"))
    clock.advance(1)
    run_due(clock)
    assert order == ["event", "housekeeping"]


def test_cancelled_item_never_runs(clock):
    timer = clock.schedule_after(1, lambda: pytest.fail("ran"))
    timer.cancel()
    timer.cancel()
    clock.advance(1)
    run_due(clock)
    assert not timer.is_pending


def test_item_cancelled_after_it_was_taken_does_not_run(clock):
    clock.schedule_after(0, lambda: pytest.fail("ran"))
    timer = clock.take_due()
    timer.cancel()
    timer.run()
    assert clock.pending_count == 0


def test_next_due_is_none_when_only_housekeeping_is_scheduled(clock):
    clock.schedule_after(1, nothing, housekeeping=True)
    assert clock.next_due_ns() is None


def test_next_due_is_the_earliest_item_that_is_not_cancelled(clock):
    clock.schedule_after(1, nothing).cancel()
    clock.schedule_after(3, nothing)
    clock.schedule_after(2, nothing)
    assert clock.next_due_ns() == clock.wall_ns + 2


def test_due_instant_of_an_item_scheduled_by_distance_is_shown_as_wall_time(clock):
    clock.advance(10)
    assert clock.schedule_after(5, nothing).due_ns == clock.wall_ns + 5


def test_pending_yields_items_in_the_order_in_which_they_will_run(clock):
    for due_ns, key in ((30, "c"), (10, "a"), (20, "b")):
        clock.schedule(due_ns, nothing, key=key)
    clock.schedule_after(5, nothing, housekeeping=True)
    assert [timer.key for timer in clock.pending()] == ["a", "b", "c"]


class Line:
    """Items that wait behind one timer, as the alarms of a namespace do."""

    def __init__(self, clock, items) -> None:
        self.clock, self.items, self.order = clock, sorted(items), []
        self.follow()

    def __iter__(self):
        return iter(self.items[1:])

    def follow(self) -> None:
        if self.items:
            due_ns, key = self.items[0]
            self.clock.schedule(due_ns, lambda: self.order.append((due_ns, key)), key=key, behind=self)

    def took(self) -> None:
        del self.items[0]
        self.follow()


def test_items_behind_a_timer_are_shown_in_their_places(clock):
    Line(clock, [(10, "a"), (30, "c"), (30, "b")])
    clock.schedule(20, nothing, key="other")
    assert [(timer.due_ns, timer.key) for timer in clock.pending()] == [(10, "a"), (20, "other"), (30, "b"), (30, "c")]
    assert clock.pending_count == 4


def test_items_behind_a_timer_are_taken_in_the_order_of_single_ones(clock):
    numbers = [number * 37 % 100 for number in range(500)]
    items = [(clock.wall_ns + n, f"{n % 7}") for n in numbers]
    lines = Line(clock, items[::2]), Line(clock, items[1::2])
    lines[1].order = lines[0].order
    clock.advance(100)
    run_due(clock)
    assert lines[0].order == sorted(items)


def test_cancelled_items_do_not_pile_up(clock):
    """An idle timeout that every call sets anew must not make the ten-thousandth call slower than the first."""
    for _ in range(10_000):
        clock.schedule_after(SECOND, nothing).cancel()
    assert clock.pending_count == 0
    assert len(clock._events._heap) < 200


def test_item_scheduled_while_another_runs_at_the_same_instant_is_due_too(clock):
    order = []

    def first() -> None:
        order.append("first")
        clock.schedule(clock.wall_ns, lambda: order.append("second"))

    clock.schedule_after(0, first)
    run_due(clock)
    assert order == ["first", "second"]


def test_repr_of_a_timer_tells_whether_it_is_pending(clock):
    timer: Timer = Clock(0).schedule(7, nothing, key="a")
    assert repr(timer) == "<Timer 'a' due_ns=7 pending>"

"""Guests that are on their way when an agent first sees them, as a killed agent leaves them."""

from ballonet.decision import Plan
from ballonet.quantity import GIB, MIB
from worlds import Story, guest


def quiet_cycle(story: Story, size: int) -> Plan:
    """Return the plan of a cycle in which the host has memory to spare and the guest this size."""
    return story.then(guest("a", actual=size), available=3 * GIB, total=4 * GIB)


def test_a_guest_that_is_found_moving_is_followed_and_not_taken_for_somebody_elses_wish() -> None:
    story = Story(cycle=1.0)
    plans = [quiet_cycle(story, size * MIB) for size in (900, 800, 700, 700)]
    assert [plan.adopted for plan in plans] == [()] * 4
    course = story.history.guests["uuid-a"].course
    assert course.ceiling is None


def test_a_size_that_is_set_once_the_guest_has_rested_is_a_wish() -> None:
    story = Story(cycle=1.0)
    for _ in range(5):
        quiet_cycle(story, GIB)
    adopted = quiet_cycle(story, 700 * MIB).adopted
    assert [(one.name, size) for one, size in adopted] == [("a", 700 * MIB)]
    assert story.history.guests["uuid-a"].course.ceiling == 700 * MIB


def test_a_resize_that_was_given_up_and_carried_out_late_is_nobody_elses_wish() -> None:
    story = Story(cycle=1.0)
    for _ in range(5):
        quiet_cycle(story, GIB)
    story.history = story.history.attempted(guest("a"), 700 * MIB)
    late = quiet_cycle(story, 700 * MIB)
    assert late.adopted == ()
    assert story.history.guests["uuid-a"].course.ceiling is None

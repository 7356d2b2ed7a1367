"""How a guest follows its target: arrived, on its way, stuck, or set by somebody else.

libvirt has no getter for a balloon's target, so the only one who knows it is who set it. Where the guest
leaves a target that it had reached, somebody else moved it: the guest's own driver (autodeflate), or a
person with virsh.
"""

from dataclasses import replace
from typing import Final

from ballonet.history import Course
from ballonet.quantity import MIB

# A balloon moves in pages, so "there" is exact but for what is between two readings.
ARRIVED: Final = MIB
# Without progress for this long a guest is stuck: ten times the one-second steps of balloon.current.
STALLED_AFTER: Final = 10.0
# The first exclusion of a stuck guest lasts this long, each further one twice as long.
FIRST_PATIENCE: Final = 60.0
LONGEST_PATIENCE: Final = 900.0
# balloon.current trails the true balloon by up to a second, so what it shows right after a command may
# still be the way to the target before.
SETTLES_AFTER: Final = 3.0


def begin(actual: int, now: float) -> Course:
    """Return the course of a guest that was never seen before: its target is what it has."""
    return Course(target=actual, progressed_at=now)


def took_back(course: Course, actual: int, *, autodeflate: bool, now: float) -> bool:
    """Whether the guest's driver deflated the balloon by itself, above a target that had been reached."""
    settled = course.reached and now - course.asked_at >= SETTLES_AFTER
    return autodeflate and settled and actual - course.target > ARRIVED


def observe(course: Course, actual: int, now: float) -> tuple[Course, bool]:
    """Return the course after a new reading, and whether somebody else set the guest's size."""
    off = abs(actual - course.target)
    if off > ARRIVED and _found_moving(course, now):
        return replace(course, target=actual, progressed_at=now), False
    if course.reached:
        if off <= ARRIVED or now - course.asked_at < SETTLES_AFTER:
            return course, False
        return _adopted(course, actual, now)
    if off <= ARRIVED:
        return replace(course, reached=True, distance=off, progressed_at=now, patience=FIRST_PATIENCE), False
    if off < course.distance - ARRIVED:
        return replace(course, distance=off, progressed_at=now), False
    return course, False


def _found_moving(course: Course, now: float) -> bool:
    """Whether the guest has not come to rest since it was first seen.

    An agent that was killed leaves balloons on their way. Where they arrive is no wish of anybody else, so
    the next agent follows them there.
    """
    untouched = course.asked is None and course.ceiling is None
    return untouched and now - course.progressed_at < SETTLES_AFTER


def _adopted(course: Course, actual: int, now: float) -> tuple[Course, bool]:
    """Take the size that the guest now has as the new starting point.

    A smaller size is a wish: no spare memory is given beyond it, only what the guest needs. A guest that
    comes back to what Ballonet last set has merely been rebooted.
    """
    returned = course.asked is not None and abs(actual - course.asked) <= ARRIVED
    ceiling = actual if actual < course.target and not returned else None
    adopted = replace(course, target=actual, ceiling=ceiling, distance=0, progressed_at=now)
    return adopted, not returned


def retaken(course: Course, actual: int, now: float) -> Course:
    """Return the course after the guest took memory back: what it has is where the next move starts."""
    return replace(course, target=actual, distance=0, progressed_at=now)


def judge(course: Course, actual: int, band: int, now: float) -> Course:
    """Return the course with a guest that does not move declared stuck, and left out for its patience.

    Only for guests that are not starved: a starved one has reached its own limit, it is not stuck.
    """
    if course.reached or now - course.progressed_at < STALLED_AFTER:
        return course
    settled = replace(course, target=actual, reached=True, distance=0, progressed_at=now)
    if abs(actual - course.target) <= band:
        return settled
    patience = min(2 * course.patience, LONGEST_PATIENCE)
    return replace(settled, stuck_until=now + course.patience, patience=patience)

"""When a guest on its way counts as there, stuck or late."""

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_cli.pursuit import Pursuit, Verdict


def pursuit(timeout: float = 60.0) -> Pursuit:
    return Pursuit(start=GIB, target=256 * MIB, begun=100.0, deadline=100.0 + timeout)


def test_a_guest_that_moves_all_the_way_is_there_at_last() -> None:
    one = pursuit()
    verdicts = [one.observe(size * MIB, 100.0 + second) for second, size in enumerate((1024, 800, 400, 256))]

    assert verdicts == [Verdict.MOVING, Verdict.MOVING, Verdict.MOVING, Verdict.REACHED]


def test_a_guest_within_a_few_pages_is_there() -> None:
    assert pursuit().observe(256 * MIB + 4096, 101.0) is Verdict.REACHED


def test_a_guest_that_never_moves_is_stuck_after_ten_seconds() -> None:
    one = pursuit()

    assert one.observe(GIB, 109.9) is Verdict.MOVING
    assert one.observe(GIB, 110.0) is Verdict.STUCK


def test_a_guest_that_stops_half_way_is_stuck_ten_seconds_later() -> None:
    one = pursuit()
    one.observe(528 * MIB, 105.0)

    assert one.observe(528 * MIB, 114.0) is Verdict.MOVING
    assert one.observe(528 * MIB, 115.0) is Verdict.STUCK


def test_a_guest_that_goes_back_and_forth_makes_no_progress() -> None:
    one = pursuit()
    one.observe(500 * MIB, 101.0)
    one.observe(600 * MIB, 106.0)

    assert one.observe(500 * MIB, 111.0) is Verdict.STUCK


def test_a_guest_that_moves_slowly_is_late_and_not_stuck() -> None:
    one = pursuit(timeout=5.0)
    one.observe(900 * MIB, 104.0)

    assert one.observe(890 * MIB, 105.0) is Verdict.LATE


def test_readings_without_a_size_are_no_progress() -> None:
    one = pursuit()

    assert one.observe(None, 105.0) is Verdict.MOVING
    assert one.observe(None, 110.0) is Verdict.STUCK


@pytest.mark.parametrize(("size", "fraction"), [(1024, 0.0), (640, 0.5), (256, 1.0), (2000, 0.0)])
def test_the_fraction_is_how_much_of_the_way_is_behind(size: int, fraction: float) -> None:
    assert pursuit().fraction(size * MIB) == fraction

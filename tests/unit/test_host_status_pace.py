"""Whether a host's status is worth a write, and when."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from ballonet.manifests.v1alpha1_host import (
    GuestDetail,
    HostGuestCounts,
    HostMemory,
    HostReserves,
    HostStatus,
    ObservedPolicy,
)
from ballonet.manifests.v1alpha1_status import Condition, Truth
from ballonet_operator.node.write_pace import Pace, differs

SETTLED = Condition(
    type="Settled", status=Truth.TRUE, last_transition_time="t", reason="Settled", message="as it should be"
)
DETAIL = GuestDetail(uuid="u", guest="a", actual="512Mi", reason="Settled")
REST = (GuestDetail(uuid="w", guest="b", actual="1Gi", reason="Stuck"),)
POLICY = ObservedPolicy(name="all", generation=1, reclaimed="512Mi")
WRITTEN = HostStatus(
    conditions=(SETTLED,),
    memory=HostMemory(total="10Gi", available="4Gi", pressure=1.0),
    guests=HostGuestCounts(owned=3),
    overcommitted="1Gi",
    reclaimed="512Mi",
    details=(DETAIL, *REST),
    observed_policies=(POLICY,),
)


def memory(**fields: Any) -> HostStatus:
    return WRITTEN.model_copy(update={"memory": WRITTEN.memory.model_copy(update=fields)})


def other(**fields: Any) -> HostStatus:
    return WRITTEN.model_copy(update=fields)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(WRITTEN, id="nothing"),
        pytest.param(memory(pressure=99.0), id="pressure's percentage"),
        pytest.param(memory(available="3.6Gi"), id="a little less available"),
        pytest.param(memory(available="4.5Gi"), id="a twentieth more available"),
        pytest.param(other(overcommitted="1.1Gi"), id="a little more needed"),
        pytest.param(other(reclaimed="700Mi"), id="a little more reclaimed"),
        pytest.param(
            other(details=(DETAIL.model_copy(update={"actual": "528Mi"}), *REST)), id="a guest wavers"
        ),
        pytest.param(other(details=(*REST, DETAIL)), id="the order of guests"),
    ],
)
def test_what_does_not_matter_is_not_written(now: HostStatus) -> None:
    assert not differs(now, WRITTEN)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(memory(available="3.4Gi"), id="more than a twentieth less available"),
        pytest.param(memory(available="4.52Gi"), id="more than a twentieth more available"),
        pytest.param(memory(available="-4Gi"), id="over the budget"),
        pytest.param(memory(total="20Gi"), id="total"),
        pytest.param(other(overcommitted="1.25Gi"), id="much more needed"),
        pytest.param(other(overcommitted="0"), id="nothing lacks any more"),
        pytest.param(other(version="2"), id="version"),
        pytest.param(other(reclaimed="1Mi"), id="reclaimed"),
        pytest.param(other(reserves=HostReserves(raised=True)), id="reserves"),
        pytest.param(other(guests=HostGuestCounts(owned=3, starved=1)), id="a count"),
        pytest.param(other(details=REST), id="a guest less"),
        pytest.param(other(details=(DETAIL.model_copy(update={"actual": "529Mi"}), *REST)), id="a size"),
        pytest.param(
            other(details=(DETAIL.model_copy(update={"actual": None}), *REST)), id="a guest without a size"
        ),
        pytest.param(
            other(details=(DETAIL.model_copy(update={"uuid": "v"}), *REST)), id="another guest of its name"
        ),
        pytest.param(
            other(observed_policies=(POLICY.model_copy(update={"reclaimed": "1Gi"}),)), id="what it reclaimed"
        ),
        pytest.param(other(details_omitted=1), id="guests without room"),
        pytest.param(other(observed_policies=(ObservedPolicy(name="all", generation=2),)), id="generation"),
        pytest.param(
            other(conditions=(SETTLED.model_copy(update={"reason": "Moving"}),)), id="a condition's reason"
        ),
    ],
)
def test_everything_else_is_written(now: HostStatus) -> None:
    assert differs(now, WRITTEN)


def test_a_host_without_available_memory_is_no_news_beside_one_with_next_to_none() -> None:
    assert not differs(memory(available="0"), memory(available="1Mi"))


def test_that_a_host_is_overcommitted_at_all_is_written() -> None:
    calm = other(overcommitted="0")

    assert differs(other(overcommitted="16Mi"), calm)


@pytest.mark.parametrize("text", ["", "-", "much", "9" * 32])
def test_a_size_that_something_else_wrote_is_no_error(text: str) -> None:
    assert differs(WRITTEN, memory(total="10Gi", available=text))


def test_the_first_look_is_at_once() -> None:
    assert Pace(interval=30.0).delay(1000.0, early=False) == 0


def test_a_look_that_finds_nothing_is_repeated_after_an_interval() -> None:
    pace = Pace(interval=30.0).looked(1000.0)

    assert pace.delay(1010.0, early=False) == 20
    assert pace.delay(1030.0, early=False) == 0


def test_a_condition_that_turns_is_written_at_once() -> None:
    pace = Pace(interval=30.0).written(1000.0)

    assert pace.delay(1001.0, early=True) == 0
    assert pace.delay(1001.0, early=False) == 29


def writes(*, early: bool, seconds: float = 3600.0, step: float = 2.0) -> Iterator[float]:
    """Yield the times of the writes of a host on which something is new in every cycle."""
    pace, now = Pace(interval=30.0), 0.0
    while now < seconds:
        if pace.delay(now, early=early) <= 0:
            pace = pace.written(now)
            yield now
        now += step


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= each < start + seconds for each in times) for start in times)


def test_while_guests_move_there_are_two_writes_a_minute() -> None:
    times = list(writes(early=False))

    assert len(times) == 120
    assert {after - before for before, after in pairwise(times)} == {30.0}


def test_conditions_that_flap_cost_two_writes_a_minute_in_the_long_run_and_three_more_at_first() -> None:
    times = list(writes(early=True))

    assert len(times) <= 120 + 3
    assert times[:3] == [0.0, 2.0, 4.0]
    assert most_within(times, 60.0) <= 5
    assert most_within([each for each in times if each > 60], 60.0) <= 2


def test_an_interval_of_calm_allows_one_early_write_again() -> None:
    pace = Pace(interval=30.0).written(0.0).written(0.0).written(0.0)

    assert pace.delay(10.0, early=True) == pytest.approx(20)
    assert pace.delay(30.0, early=True) == 0


def test_a_long_calm_saves_no_more_than_three() -> None:
    pace, now = Pace(interval=30.0).looked(0.0), 86_400.0
    for _ in range(3):
        assert pace.delay(now, early=True) == 0
        pace = pace.written(now)

    assert pace.delay(now, early=True) == pytest.approx(30)

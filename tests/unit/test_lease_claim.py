"""What is to be done about a Lease, by what was seen of it and when."""

from typing import Any

import pytest

from ballonet_operator.controller.claim import (
    LEASE_DURATION,
    RENEW_DEADLINE,
    RETRY_PERIOD,
    Claim,
    Move,
    Sighting,
    decide,
    leads,
    next_look,
    sighted,
)

ME, OTHER = "me", "other"
NOW = 1000.0
LONG_AGO, FAR_AHEAD = "1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


def lease(holder: str = OTHER, *, renewed: str = LONG_AGO, duration: int = 15, **spec: Any) -> dict[str, Any]:
    said = {"holderIdentity": holder, "leaseDurationSeconds": duration, "renewTime": renewed, **spec}
    return {"metadata": {"name": "lease", "resourceVersion": "7"}, "spec": said}


def seen(lease: dict[str, Any] | None, *, ago: float = 0) -> Sighting:
    return Sighting(lease=lease, since=NOW - ago)


@pytest.mark.parametrize(
    ("sighting", "move"),
    [
        pytest.param(seen(None), Move.ACQUIRE, id="there is none"),
        pytest.param(seen({"metadata": {}}), Move.ACQUIRE, id="it says nothing"),
        pytest.param(seen(lease("")), Move.ACQUIRE, id="it was released"),
        pytest.param(seen(lease()), Move.WAIT, id="another's, just seen to change"),
        pytest.param(seen(lease(), ago=14.9), Move.WAIT, id="another's, not yet expired"),
        pytest.param(seen(lease(), ago=15), Move.ACQUIRE, id="another's, expired"),
        pytest.param(
            seen(lease(duration=40), ago=39.9), Move.WAIT, id="another's, by its own longer duration"
        ),
        pytest.param(
            seen(lease(duration=5), ago=5), Move.ACQUIRE, id="another's, by its own shorter duration"
        ),
        pytest.param(
            seen(lease(renewed=LONG_AGO), ago=1), Move.WAIT, id="a clock far behind is not believed"
        ),
        pytest.param(seen(lease(renewed=FAR_AHEAD), ago=16), Move.ACQUIRE, id="nor one far ahead"),
        pytest.param(seen(lease(ME)), Move.RENEW, id="ours"),
        pytest.param(seen(lease(ME), ago=99), Move.RENEW, id="ours, and nobody took it when it expired"),
    ],
)
def test_a_lease_is_taken_when_nobody_holds_it_or_its_holder_showed_no_life(
    sighting: Sighting, move: Move
) -> None:
    assert decide(sighting, ME, now=NOW) is move


@pytest.mark.parametrize(
    ("later", "since"),
    [
        pytest.param(lease(renewed=FAR_AHEAD), NOW, id="renewed"),
        pytest.param(lease("third"), NOW, id="taken"),
        pytest.param(None, NOW, id="deleted"),
        pytest.param(lease(), NOW - 9, id="nothing happened"),
        pytest.param(
            lease() | {"metadata": {"resourceVersion": "8"}}, NOW - 9, id="somebody put a label on it"
        ),
    ],
)
def test_only_a_change_of_what_it_says_is_a_sign_of_life(later: dict[str, Any] | None, since: float) -> None:
    assert sighted(seen(lease(), ago=9), later, now=NOW) == Sighting(lease=later, since=since)


def test_who_sees_a_lease_for_the_first_time_waits_for_all_of_its_duration() -> None:
    first = sighted(None, lease(renewed=LONG_AGO), now=NOW)
    assert decide(first, ME, now=NOW + LEASE_DURATION - 0.1) is Move.WAIT


@pytest.mark.parametrize(
    ("renewed", "leading"),
    [
        pytest.param(None, False, id="never"),
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - RENEW_DEADLINE + 0.1, True, id="within the deadline"),
        pytest.param(NOW - RENEW_DEADLINE, False, id="not within the deadline"),
    ],
)
def test_a_leader_that_could_not_renew_ceases_to_lead(renewed: float | None, *, leading: bool) -> None:
    assert leads(renewed, now=NOW) is leading


def test_a_leader_ceases_well_before_anybody_takes_over() -> None:
    assert RENEW_DEADLINE + 2 * RETRY_PERIOD < LEASE_DURATION


@pytest.mark.parametrize(
    ("sighting", "chance", "seconds"),
    [
        pytest.param(seen(lease(ME)), 0.5, RETRY_PERIOD, id="ours: the period"),
        pytest.param(seen(lease()), 0.0, 1.6, id="at the earliest"),
        pytest.param(seen(lease()), 1.0, 2.4, id="at the latest"),
        pytest.param(seen(lease(), ago=14.5), 0.5, 0.5, id="another's: when it expires"),
        pytest.param(seen(lease(), ago=16), 0.5, RETRY_PERIOD, id="another's that could not be taken"),
        pytest.param(None, 0.5, RETRY_PERIOD, id="unknown"),
    ],
)
def test_a_lease_is_looked_at_every_two_seconds_and_when_it_expires(
    sighting: Sighting | None, chance: float, seconds: float
) -> None:
    assert next_look(sighting, ME, now=NOW, chance=chance) == pytest.approx(seconds)


def test_taking_a_lease_counts_as_a_change_of_its_holder_and_renewing_it_does_not() -> None:
    first = Claim().taken_by(ME, "t1")
    assert (first.holder, first.acquired, first.transitions) == (ME, "t1", 0)
    assert first.taken_by(ME, "t2") == first
    second = first.taken_by(OTHER, "t3")
    assert (second.holder, second.acquired, second.transitions) == (OTHER, "t3", 1)


def test_a_released_lease_has_no_holder_and_keeps_its_history() -> None:
    released = Claim().taken_by(ME, "t1").taken_by(OTHER, "t2").released()
    assert released.spec("t3") == {
        "holderIdentity": "",
        "leaseDurationSeconds": 1,
        "acquireTime": "t2",
        "renewTime": "t3",
        "leaseTransitions": 1,
    }
    again = Claim.of({"spec": released.spec("t3")}).taken_by(ME, "t4")
    assert (again.holder, again.duration, again.transitions) == (ME, LEASE_DURATION, 2)

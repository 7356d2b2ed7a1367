"""What raises reserves, hurries guests or holds them: several policies, modes, alerts, pressure."""

from dataclasses import replace

import pytest

from ballonet.decision import Signals, Stay
from ballonet.host import Pressure
from ballonet.policy import Mode, Reserves, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason
from plain_guests import CALM, CRITICAL, GROW, PAGE, PLAIN, RECLAIM, busy, crowd, idle, sizes, starved
from worlds import (
    NOW,
    Story,
    by_name,
    decide,
    guest,
    only,
    reasons,
    sample,
    terms,
    thresholds,
    traits,
    view,
)

# --- Several policies ----------------------------------------------------------------------------------

BATCH = replace(
    PLAIN,
    name="batch",
    priority=5,
    guests=Selector(names=("batch*",)),
    host_thresholds=thresholds(4 * GIB, 3 * GIB, 2 * GIB),
)


def test_guests_of_policies_with_larger_reserves_yield_earlier() -> None:
    result = decide(view(idle("batch"), idle("db"), available=2500 * MIB), PLAIN, BATCH)
    assert sizes(result)["batch"] < 0
    assert sizes(result)["db"] > 0
    assert result.reserves == {
        "all": Reserves(grow=GROW, reclaim=RECLAIM, critical=CRITICAL),
        "batch": Reserves(grow=4 * GIB, reclaim=3 * GIB, critical=2 * GIB),
    }
    assert result.in_force == result.reserves["batch"]


def test_a_policy_with_a_larger_critical_level_does_not_hold_the_others_back() -> None:
    """Guests of the stricter policy are granted nothing here; that must not keep a starved one waiting."""
    together = crowd(starved("batch"), starved("db"), idle_size=16 * GIB)
    result = decide(view(*together, available=1500 * MIB, total=64 * GIB), PLAIN, BATCH)
    assert sizes(result)["db"] >= int(1.1 * GIB) - GIB - PAGE
    assert reasons(result)["batch"] == "HostFull"


def test_guests_of_a_stricter_policy_leave_nobodys_want_behind_anothers_spare_memory() -> None:
    """What the stricter guests asked for and may not have goes to the others' want, not to spare memory."""
    roomy = replace(PLAIN, headroom=20.0)
    strict = replace(BATCH, headroom=20.0, host_thresholds=thresholds(2 * GIB, 2 * GIB, 2 * GIB))
    together = crowd(busy("batch", lacks=0), busy("w", lacks=0), idle("c", actual=GIB), idle_size=32 * GIB)
    result = decide(view(*together, available=CRITICAL + 150 * MIB, total=64 * GIB), roomy, strict)
    assert sizes(result)["w"] == pytest.approx(150 * MIB, abs=PAGE)
    assert "c" not in sizes(result)


def test_only_guests_of_a_policy_below_its_critical_level_are_hurried() -> None:
    batch, other = idle("batch", actual=4 * GIB), idle("db", actual=4 * GIB)
    result = decide(view(batch, other, available=RECLAIM - 100 * MIB), PLAIN, BATCH)
    assert reasons(result) == {"batch": "HostCritical", "db": "HostLow"}
    assert sizes(result)["batch"] == -GIB


def test_the_policy_of_highest_precedence_owns_a_guest() -> None:
    result = decide(view(idle("batch"), idle("db")), PLAIN, BATCH)
    assert {name: decision.policy for name, decision in by_name(result).items()} == {
        "batch": "batch",
        "db": "all",
    }


def test_reserves_of_a_policy_without_guests_here_are_not_in_force() -> None:
    result = decide(view(idle("db")), PLAIN, BATCH)
    assert result.in_force == Reserves(grow=GROW, reclaim=RECLAIM, critical=CRITICAL)


# --- Observing, freezing, signals, pressure ------------------------------------------------------------


def test_an_observing_policy_says_what_it_would_do_and_does_nothing() -> None:
    observed = only(decide(view(starved("a")), replace(PLAIN, mode=Mode.OBSERVE)))
    enforced = only(decide(view(starved("a")), PLAIN))
    assert isinstance(observed, Stay)
    assert (observed.reason, observed.target, observed.would) == (Reason.OBSERVED, GIB, enforced.target)


def test_guests_that_are_only_observed_do_not_change_what_others_get() -> None:
    watched = replace(PLAIN, name="watch", priority=5, mode=Mode.OBSERVE, guests=Selector(names=("w",)))
    frozen = replace(watched, mode=Mode.FREEZE)
    seen = view(starved("w"), starved("a"), idle("b"), available=GIB)
    observing, freezing = decide(seen, PLAIN, watched), decide(seen, PLAIN, frozen)
    assert [by_name(observing)[name] for name in "ab"] == [by_name(freezing)[name] for name in "ab"]
    assert by_name(observing)["a"].target != by_name(observing)["w"].target


def test_a_guest_left_alone_under_an_observing_policy_would_be_left_alone() -> None:
    decision = only(decide(view(replace(idle(), migrating=True)), replace(PLAIN, mode=Mode.OBSERVE)))
    assert isinstance(decision, Stay)
    assert (decision.reason, decision.would) == (Reason.MIGRATING, None)


RAISED = 16 * GIB * 4 // 100


@pytest.mark.parametrize(
    ("fields", "raised"),
    [
        pytest.param({}, False, id="calm"),
        pytest.param({"some": Pressure(avg10=10.0, avg60=0, avg300=0, total=0)}, False, id="some-pressure"),
        pytest.param({"some": Pressure(avg10=10.1, avg60=0, avg300=0, total=0)}, True, id="pressure"),
        pytest.param(
            {"full": Pressure(avg10=99.0, avg60=0, avg300=0, total=0)}, False, id="full-is-not-read"
        ),
    ],
)
def test_pressure_raises_both_reserves_while_it_lasts(
    fields: dict[str, object],
    raised: bool,  # noqa: FBT001
) -> None:
    result = decide(view(idle(), available=GROW, **fields), PLAIN)  # type: ignore[arg-type]
    more = RAISED if raised else 0
    assert result.in_force == Reserves(grow=GROW + more, reclaim=RECLAIM + more, critical=CRITICAL)
    assert result.pressed is raised
    assert only(result).reason is (Reason.HOST_PRESSURE if raised else Reason.SETTLED)


@pytest.mark.parametrize(
    ("written", "raised"),
    [
        pytest.param(0, False, id="nothing"),
        pytest.param(2 * MIB, False, id="one-mib-per-second"),
        pytest.param(3 * MIB, True, id="more"),
        pytest.param(-GIB, False, id="a-counter-that-went-back"),
    ],
)
def test_a_host_that_swaps_is_short_of_memory_whatever_it_says(written: int, raised: bool) -> None:  # noqa: FBT001
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM, swapped_out=2 * GIB)
    assert story.then(idle(), available=CALM, swapped_out=2 * GIB + written).pressed is raised


def test_a_host_that_does_not_tell_whether_it_swaps_is_believed() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM, swapped_out=0)
    assert not story.then(idle(), available=CALM).pressed


@pytest.mark.parametrize(
    ("signals", "wished"),
    [
        pytest.param(Signals(reclaim=frozenset({"all"})), RAISED, id="reclaim-a-wish"),
        pytest.param(Signals(critical=frozenset({"all"})), 0, id="critical-no-wish"),
        pytest.param(Signals(reclaim=frozenset({"all"}), critical=frozenset({"all"})), 0, id="both-once"),
    ],
)
def test_an_alert_raises_both_reserves_of_its_policy_and_its_moves_say_so(
    signals: Signals, wished: int
) -> None:
    result = decide(view(idle(), available=GROW, signals=signals), PLAIN)
    assert result.in_force == Reserves(
        grow=GROW + RAISED, reclaim=RECLAIM + RAISED, critical=CRITICAL, wished=wished
    )
    assert only(result).reason is Reason.HOST_ALERT
    assert result.pressed


def test_pressure_and_an_alert_together_raise_the_reserves_once() -> None:
    pressure = Pressure(avg10=50.0, avg60=0, avg300=0, total=0)
    signals = Signals(reclaim=frozenset({"all"}))
    result = decide(view(idle(), available=GROW, some=pressure, signals=signals), PLAIN)
    assert result.in_force == Reserves(grow=GROW + RAISED, reclaim=RECLAIM + RAISED, critical=CRITICAL)


def test_an_alert_acts_on_the_reserves_of_the_policy_that_has_a_rule_for_it_and_on_no_other() -> None:
    web = replace(PLAIN, name="web", priority=5, guests=Selector(names=("web*",)))
    signals = Signals(reclaim=frozenset({"web"}), critical=frozenset({"elsewhere"}))
    result = decide(view(idle("web"), idle("db"), available=GROW, signals=signals), PLAIN, web)
    assert reasons(result) == {"web": "HostAlert", "db": "Settled"}
    assert result.reserves["all"] == Reserves(grow=GROW, reclaim=RECLAIM, critical=CRITICAL)


def test_a_host_below_its_critical_level_says_so_whatever_alerts_say() -> None:
    signals = Signals(critical=frozenset({"all"}))
    result = decide(view(idle(), available=CRITICAL - 1, signals=signals), PLAIN)
    assert only(result).reason is Reason.HOST_CRITICAL


def test_an_alert_that_adds_nothing_is_not_the_reason() -> None:
    nothing = replace(PLAIN.host_thresholds, pressure_reserve=Amount(size=0))
    signals = Signals(reclaim=frozenset({"all"}))
    seen = view(idle(), available=RECLAIM - 100 * MIB, signals=signals)
    assert only(decide(seen, replace(PLAIN, host_thresholds=nothing))).reason is Reason.HOST_LOW


def test_an_alert_moves_nobody_whose_policy_only_observes() -> None:
    signals = Signals(reclaim=frozenset({"all"}))
    watching = replace(PLAIN, mode=Mode.OBSERVE)
    alerted = only(decide(view(idle(), available=GROW, signals=signals), watching))
    calm = only(decide(view(idle(), available=GROW), watching))
    assert isinstance(alerted, Stay)
    assert isinstance(calm, Stay)
    assert (alerted.target, alerted.reason) == (calm.target, Reason.OBSERVED)
    assert (alerted.would or 0) < (calm.would or 0)


def test_a_growing_alert_grows_a_guest_that_seems_content() -> None:
    content = view(idle("a"), idle("b"), available=CALM, signals=Signals(grow=frozenset({"uuid-a"})))
    result = decide(content, PLAIN)
    assert reasons(result) == {"a": "Starved", "b": "HostLow"}
    assert terms(result, "a").need == int(1.1 * 2 * GIB)
    assert sizes(result)["a"] > 0


def test_an_alert_or_a_guests_own_driver_make_a_silent_guest_need_more() -> None:
    """Its statistics are old, so the alert is all that is known of it."""
    old = sample(usable=GIB, timestamp=NOW - 60)
    silent = guest("a", actual=GIB, maximum=4 * GIB, sample=old)
    alerted = decide(view(silent, signals=Signals(grow=frozenset({"uuid-a"}))), PLAIN)
    assert terms(alerted).need == int(1.1 * GIB)
    story = Story(policies=(PLAIN,))
    for size in (GIB, 1200 * MIB):
        facts = traits(autodeflate=True)
        result = story.then(
            guest("a", actual=size, maximum=4 * GIB, sample=old, traits=facts), refused=True, after=5
        )
    assert terms(result).need == int(1.1 * 1200 * MIB)

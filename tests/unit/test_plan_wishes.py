"""What an alert asks for is a wish: guests give for it what they have beyond their need."""

from dataclasses import replace

import pytest
from hypothesis import given

from ballonet.decision import Plan, Signals
from ballonet.law.invariants import PAGE
from ballonet.quantity import GIB, MIB, Amount
from scenarios import Scenario, Situation, play, scenarios
from worlds import Inhabitant, World, policy, thresholds

EAGER = policy(
    floor=Amount(percent=25),
    host_thresholds=thresholds(640 * MIB, 400 * MIB, 160 * MIB, pressure_reserve=Amount(size=8 * GIB)),
)


def told(situation: Situation, *, reclaim: bool) -> Plan:
    """Plan with an alert for every policy, or with none."""
    names = frozenset(policy.name for policy in situation.policies) if reclaim else frozenset[str]()
    signals = replace(situation.view.signals, reclaim=names, critical=frozenset())
    return replace(situation, view=replace(situation.view, signals=signals)).plan()


@given(scenarios())
def test_an_alert_leaves_every_guest_as_much_of_its_need_as_it_would_have_without(scenario: Scenario) -> None:
    situation = play(scenario)
    calm, alarmed = told(situation, reclaim=False), told(situation, reclaim=True)
    for without, during in zip(calm.decisions, alarmed.decisions, strict=True):
        if without.terms is None or without.grow_to is None or without.shrink_to is None:
            continue
        need = without.terms.need
        assert min(without.grow_to, need) - PAGE <= (during.grow_to or 0) <= without.grow_to + PAGE
        assert min(without.shrink_to, need) - PAGE <= (during.shrink_to or 0) <= without.shrink_to + PAGE


@pytest.mark.parametrize(
    ("signals", "squeezed"),
    [
        pytest.param(Signals(reclaim=frozenset({"all"})), False, id="reclaim-stops-at-needs"),
        pytest.param(Signals(critical=frozenset({"all"})), True, id="critical-does-not"),
    ],
)
def test_a_reserve_that_guests_cannot_spare_takes_from_them_what_they_do_not_need(
    signals: Signals, *, squeezed: bool
) -> None:
    world = World(
        [Inhabitant(f"busy-{number}", use=700 * MIB) for number in range(4)], total=8 * GIB, policies=(EAGER,)
    )
    world.settle()
    world.signals = signals
    world.settle()
    assert any(one.target < one.maximum - 100 * MIB for one in world.inhabitants)
    assert any(one.target < one.needs for one in world.inhabitants) is squeezed


def test_a_guest_that_comes_under_load_while_an_alert_fires_grows_to_its_need() -> None:
    world = World(
        [Inhabitant("a", use=200 * MIB), Inhabitant("b", use=200 * MIB)],
        total=8 * GIB,
        policies=(EAGER,),
        signals=Signals(reclaim=frozenset({"all"})),
    )
    world.settle()
    small = world.inhabitants[0].target
    world.inhabitants[0].use = 700 * MIB
    world.settle()
    assert world.inhabitants[0].target >= max(700 * MIB, small + 100 * MIB)
    assert world.inhabitants[1].target == pytest.approx(small, abs=32 * MIB)

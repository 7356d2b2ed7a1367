"""The invariants of the law, on random hosts with random guests, policies and pasts.

``scenarios`` says what is drawn. Guests report nonsense, are off, frozen, held or somewhere else than they
should be; policies overlap and contradict one another; commands are lost.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from ballonet.decision import Stay
from ballonet.law.invariants import (
    PAGE,
    broken,
    depends_on_order,
    raised_by_less,
    restless,
    scales_otherwise,
)
from ballonet.policy import HostThresholds, Policy
from ballonet.quantity import GIB, MIB, Amount
from scenarios import Scenario, play, scalable_scenarios, scenarios
from worlds import Inhabitant, World

LESS = st.integers(1, 512)  # In parts of a 512th of the host's memory.


@given(scenarios())
def test_every_plan_keeps_the_invariants(scenario: Scenario) -> None:
    situation = play(scenario)
    assert broken(situation.view, situation.plan()) == []


@given(scenarios(), st.randoms(use_true_random=False))
def test_the_order_of_guests_and_policies_does_not_matter(scenario: Scenario, random: object) -> None:
    situation = play(scenario)
    guests, policies = list(range(len(scenario.guests))), list(range(len(scenario.policies)))
    random.shuffle(guests)  # type: ignore[attr-defined]
    random.shuffle(policies)  # type: ignore[attr-defined]
    shuffled = situation.shuffled(guests, policies)
    assert depends_on_order(situation.plan(), shuffled.plan()) == []


@given(scenarios(one_reserve=True), LESS)
def test_less_available_memory_never_raises_a_target(scenario: Scenario, less: int) -> None:
    situation = play(scenario)
    poorer = situation.with_less(scenario.total * less // 512)
    assert raised_by_less(situation.plan(), poorer.plan()) == []


@given(scenarios(), LESS)
def test_less_available_memory_never_raises_what_the_fills_give(scenario: Scenario, less: int) -> None:
    situation = play(scenario)
    rich, poor = situation.plan(), situation.with_less(scenario.total * less // 512).plan()
    for more, fewer in zip(rich.decisions, poor.decisions, strict=True):
        assert (more.grow_to is None) == (fewer.grow_to is None)
        assert (fewer.grow_to or 0) <= (more.grow_to or 0) + PAGE
        assert (fewer.shrink_to or 0) <= (more.shrink_to or 0) + PAGE


@given(scenarios())
def test_the_fill_above_the_larger_reserve_never_gives_more_than_the_other(scenario: Scenario) -> None:
    for decision in play(scenario).plan().decisions:
        if decision.grow_to is not None and decision.shrink_to is not None:
            assert decision.grow_to <= decision.shrink_to


@given(scalable_scenarios(), st.sampled_from((2, 4, 1024)))
def test_scaling_all_bytes_scales_the_plan(scenario: Scenario, factor: int) -> None:
    one, other = play(scenario).plan(), play(scenario, factor).plan()
    assert scales_otherwise(one, other, factor) == []


@given(scenarios())
def test_what_is_not_moved_is_remembered_where_it_is(scenario: Scenario) -> None:
    """A plan changes no target by itself; only a command that was carried out does."""
    result = play(scenario).plan()
    for decision in result.decisions:
        past = result.history.guests.get(decision.guest.uuid)
        if isinstance(decision, Stay) and past is not None:
            assert past.course.target == decision.target


@given(scenarios())
def test_every_decision_carries_numbers_that_make_sense(scenario: Scenario) -> None:
    for decision in play(scenario).plan().decisions:
        if decision.terms is not None:
            terms = decision.terms
            assert 0 <= terms.floor <= terms.need <= terms.want <= terms.maximum
            assert terms.slope >= 0
            assert terms.margin >= 0


# --- A closed loop comes to rest ----------------------------------------------------------------------

_inhabitants = st.builds(
    Inhabitant,
    name=st.just(""),
    maximum=st.sampled_from((512 * MIB, GIB, 2 * GIB, 4 * GIB)),
    use=st.integers(20, 1500).map(lambda size: size * MIB),
    speed=st.sampled_from((60 * MIB, 240 * MIB, GIB)),
    autodeflate=st.booleans(),
    silent=st.sampled_from((False, False, False, True)),
)
_world_policies = st.sampled_from(
    (
        Policy(name="all"),
        Policy(name="all", headroom=100.0, floor=Amount(percent=5)),
        Policy(name="all", host_thresholds=HostThresholds(grow_above=Amount(percent=30))),
    )
)


@settings(max_examples=40)
@given(
    st.lists(_inhabitants, min_size=1, max_size=5),
    st.integers(0, 60),
    _world_policies,
    st.sampled_from((2.0, 5.0)),
)
def test_a_closed_loop_whose_guests_use_what_they_used_comes_to_rest(
    inhabitants: list[Inhabitant], other: int, policy: Policy, cycle: float
) -> None:
    for index, one in enumerate(inhabitants):
        one.name = f"g{index}"
    world = World(inhabitants, total=8 * GIB, other=8 * GIB * other // 100, policies=(policy,), cycle=cycle)
    for result in world.turns(400):
        assert world.seen is not None
        assert broken(world.seen, result) == []
    assert restless(list(world.turns(40))) == []

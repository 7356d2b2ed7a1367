"""Small worlds, all of them: an agent is interrupted after any of its moves, and goes on from there.

A plan is a list of moves, and an agent may die, lose its connection or be refused between any two. So from
every prefix of every plan, whether the moves have arrived or not and whether or not the agent remembers
them, planning again must be sound and must lead to where every guest has what it needs.
"""

from collections.abc import Iterator
from copy import copy
from itertools import combinations_with_replacement

import pytest

from ballonet.law.invariants import broken, in_flight
from ballonet.plan import plan
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB, Amount
from worlds import Inhabitant, World, moves, policy, thresholds

GROW, RECLAIM, CRITICAL = 600 * MIB, 400 * MIB, 200 * MIB
POLICY = policy(floor=Amount(percent=10), host_thresholds=thresholds(GROW, RECLAIM, CRITICAL))
QUICK = 100 * GIB  # Balloons that arrive within the cycle.
KINDS = {
    "idle": Inhabitant("", maximum=2 * GIB, use=100 * MIB, speed=QUICK),
    "starved": Inhabitant("", maximum=2 * GIB, use=900 * MIB, speed=QUICK, actual=500.0 * MIB),
    "busy": Inhabitant("", maximum=2 * GIB, use=1200 * MIB, speed=QUICK, actual=1300.0 * MIB),
    "autodeflating": Inhabitant("", maximum=2 * GIB, use=300 * MIB, speed=QUICK, autodeflate=True),
}
HOSTS = [available * MIB for available in (0, 210, 390, 700, 3000)]


def small_world(kinds: tuple[str, ...], available: int) -> World:
    """Return a world of these guests on a host that has just so much left."""
    inhabitants = [copy(KINDS[kind]) for kind in kinds]
    for index, one in enumerate(inhabitants):
        one.name = f"{index}-{kinds[index]}"
    held = sum(one.actual for one in inhabitants)
    return World(inhabitants, total=int(held) + available, policies=(POLICY,))


def after_every_prefix(world: World) -> Iterator[World]:
    """Yield the world after each prefix of its plan: under way, arrived, and with all memory of it lost."""
    planned = len(moves(world.copy().turn()))
    for length in range(planned + 1):
        for arrive in (False, True):
            resumed = world.copy()
            resumed.turn(first=length, arrive=arrive)
            yield resumed
            if arrive:
                forgetful = resumed.copy()
                forgetful.restart()
                yield forgetful


def check(world: World) -> None:
    """Fail if planning from here is unsound, or would ask for growth that has to wait for a shrink."""
    seen = world.view()
    result = plan(seen, world.policies, world.history, cycle=world.cycle)
    assert broken(seen, result) == []
    granted = sum(max(0, move.target - move.current) for move in moves(result))
    if granted:
        assert in_flight(result.decisions) + granted <= max(0, seen.host.available - CRITICAL)


@pytest.mark.parametrize("kinds", list(combinations_with_replacement(KINDS, 3)), ids="-".join)
def test_planning_from_any_prefix_of_an_applied_plan_is_sound(kinds: tuple[str, ...]) -> None:
    for available in HOSTS:
        start = small_world(kinds, available)
        check(start)
        for once in after_every_prefix(start):
            check(once)
            for twice in after_every_prefix(once):
                check(twice)


def can_have_what_they_need(world: World) -> bool:
    """Whether the pool above the larger reserve holds what these guests use, and a tenth for guessing."""
    least = POLICY.floor.of(2 * GIB)
    needs = sum(max(int(1.1 * (one.needs + 21 * MIB)), least) for one in world.inhabitants)
    return needs <= world.available + sum(min(one.resident, one.actual) for one in world.inhabitants) - GROW


@pytest.mark.parametrize("kinds", list(combinations_with_replacement(KINDS, 3)), ids="-".join)
def test_from_any_prefix_everybody_comes_to_have_what_it_needs_if_the_host_can_give_it(
    kinds: tuple[str, ...],
) -> None:
    for available in HOSTS:
        for resumed in after_every_prefix(small_world(kinds, available)):
            if can_have_what_they_need(resumed):
                resumed.settle(25)
                assert resumed.hungry() == []


def test_in_most_of_these_worlds_everybody_can_have_what_it_needs() -> None:
    able = [
        can_have_what_they_need(small_world(kinds, available))
        for kinds in combinations_with_replacement(KINDS, 3)
        for available in HOSTS
    ]
    assert 2 * sum(able) > len(able) > sum(able)


def test_these_worlds_hold_plans_of_every_length() -> None:
    """Or the prefixes above would prove little."""
    lengths = {
        len(moves(small_world(kinds, available).turn()))
        for kinds in combinations_with_replacement(KINDS, 3)
        for available in HOSTS
    }
    assert lengths == {0, 1, 2, 3}


def test_growth_never_waits_for_a_shrink_of_the_same_plan() -> None:
    """So it does not matter which move of a plan is made first, or whether another fails."""
    for kinds in combinations_with_replacement(KINDS, 3):
        for available in HOSTS:
            world = small_world(kinds, available)
            result = world.turn(first=0, arrive=False)
            growth = sum(max(0, move.target - move.current) for move in moves(result))
            assert growth <= max(0, available - CRITICAL)


def test_a_default_policy_reaches_its_own_rest_after_a_restart_in_every_cycle() -> None:
    """An agent that never lives longer than one cycle still moves memory to where it is needed."""
    world = small_world(("idle", "idle", "starved"), 700 * MIB)
    world.policies = (Policy(name="default"),)
    for _ in range(40):
        world.turn()
        world.restart()
    assert world.hungry() == []

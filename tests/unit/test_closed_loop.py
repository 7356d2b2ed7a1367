"""The law in a closed loop with guests that obey it, on a model of a host.

What the model leaves out (what a guest's kernel really does) is tried on real guests in ``tests/guests``.
"""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from ballonet.decision import Plan
from ballonet.law.invariants import broken, restless
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from worlds import Inhabitant, World, by_name, moves, reasons

BUSY, IDLE = 1400 * MIB, 150 * MIB


def textbook(**fields: object) -> World:
    """Return the textbook example: 8 GiB for six guests of 2 GiB, of which D, E and F are busy."""
    inhabitants = [Inhabitant(name, use=BUSY if name in "DEF" else IDLE) for name in "ABCDEF"]
    return World(inhabitants, total=16 * GIB, budget=8 * GIB, **fields)  # type: ignore[arg-type]


def let_work(world: World, busy: str) -> None:
    """Let the guests of these names be the busy ones from now on."""
    for one in world.inhabitants:
        one.use = BUSY if one.name in busy else IDLE


def cycles_until_fed(world: World, limit: int = 100) -> int:
    """Return after how many cycles nobody lacks anything any more."""
    for cycle in range(limit):
        if not world.hungry():
            return cycle
        world.turn()
    raise AssertionError(world.hungry())


def sound(world: World, count: int) -> list[Plan]:
    """Let some cycles pass, each of which must keep the invariants."""
    plans = []
    for result in world.turns(count):
        assert world.seen is not None
        assert broken(world.seen, result) == []
        plans.append(result)
    return plans


def held(world: World) -> float:
    return sum(min(one.resident, one.actual) for one in world.inhabitants)


# --- The textbook -------------------------------------------------------------------------------------


def test_the_busy_get_what_they_need_and_the_idle_give_it() -> None:
    world = textbook()
    sound(world, 30)
    sizes = {one.name: one.actual for one in world.inhabitants}
    assert world.hungry() == []
    assert all(sizes[name] >= BUSY for name in "DEF")
    assert all(sizes[name] < GIB for name in "ABC")


@pytest.mark.parametrize(("cycle", "within"), [(2.0, 8), (5.0, 6)], ids=["2-s", "5-s"])
def test_when_the_roles_swap_everybody_soon_has_what_it_needs(cycle: float, within: int) -> None:
    world = textbook(cycle=cycle)
    sound(world, 30)
    let_work(world, "ABC")
    sound(world, 1)
    assert world.hungry() == ["A", "B", "C"]
    assert cycles_until_fed(world) <= within
    sound(world, 60)
    assert world.hungry() == []


def test_after_the_swap_the_loop_comes_to_rest() -> None:
    world = textbook()
    world.settle(30)
    let_work(world, "ABC")
    assert restless(sound(world, 90)[-30:]) == []


@pytest.mark.parametrize("cycle", [2.0, 5.0], ids=["2-s", "5-s"])
def test_guests_together_stay_inside_the_budget_once_they_have_reached_it(cycle: float) -> None:
    world = textbook(cycle=cycle)
    world.settle(30)
    for busy in ("ABC", "DEF", "ACE", "BDF"):
        let_work(world, busy)
        for _ in range(60):
            world.turn()
            assert held(world) <= 8 * GIB
        assert world.hungry() == []


def test_guests_fresh_from_boot_that_touch_all_at_once_overrun_the_budget_by_no_more_than_the_reserve() -> (
    None
):
    """The price of a need that does not wait for what others have and never touched."""
    world = textbook()
    for one in world.inhabitants:
        one.resident = float(one.needs)
    world.settle(30)
    let_work(world, "ABC")
    overruns = []
    for _ in range(60):
        world.turn()
        overruns.append(held(world) - 8 * GIB)
    assert max(overruns) <= 640 * MIB
    assert sum(overrun > 0 for overrun in overruns) <= 4
    assert world.hungry() == []


def test_roles_that_swap_again_and_again_starve_nobody_for_long() -> None:
    world = textbook()
    world.settle(30)
    hungry = []
    for round_number in range(6):
        let_work(world, "ABC" if round_number % 2 == 0 else "DEF")
        for _ in range(60):
            world.turn()
            hungry.append(len(world.hungry()))
    assert sum(count > 0 for count in hungry) <= 6 * 8


def test_a_guest_that_does_a_little_more_every_cycle_never_lacks_anything() -> None:
    """The slope of its use carries it ahead of its need."""
    world = textbook()
    let_work(world, "EF")
    world.settle(60)
    climber = world.inhabitants[3]
    for _ in range(60):
        climber.use += 15 * MIB
        world.turn()
        assert world.hungry() == []


def test_a_host_that_cannot_feed_everybody_stays_inside_the_budget_and_says_what_it_lacks() -> None:
    world = textbook()
    world.settle(30)
    let_work(world, "ABCDEF")
    result = world.settle(60)
    assert {"A", "B", "C"} <= set(world.hungry())
    assert result.overcommitted > 0
    assert held(world) <= 8 * GIB


# --- The host's own use -------------------------------------------------------------------------------


def test_when_the_host_itself_needs_more_the_idle_give_it() -> None:
    world = World([Inhabitant(name, use=400 * MIB) for name in "abcd"], total=10 * GIB, other=GIB)
    world.settle(30)
    for other in (3, 5, 7, 2):
        world.other = other * GIB
        sound(world, 30)
        assert world.available >= 400 * MIB
        assert world.hungry() == []
    assert restless(sound(world, 20)) == []


def test_what_the_host_gives_back_goes_to_the_guests() -> None:
    world = World([Inhabitant(name, use=400 * MIB) for name in "abcd"], total=10 * GIB, other=7 * GIB)
    world.settle(30)
    small = held(world)
    world.other = GIB
    world.settle(30)
    assert [one.actual for one in world.inhabitants] == [2 * GIB] * 4
    assert small < 3 * GIB


def test_host_use_that_swings_inside_the_gap_between_the_reserves_moves_nobody() -> None:
    """That gap is the hysteresis."""
    world = World([Inhabitant(name, use=400 * MIB) for name in "abcd"], total=8 * GIB, other=3 * GIB)
    world.settle(60)
    base, seen = world.other, []
    for turn in range(40):
        world.other = base + (-1) ** turn * 50 * MIB
        seen.append(world.turn())
    assert len([move for result in seen[4:] for move in moves(result)]) == 0


# --- Guests that do not play along --------------------------------------------------------------------


def test_guests_that_do_not_follow_are_left_out_and_the_others_make_up_for_it() -> None:
    inhabitants = [Inhabitant(name, use=300 * MIB) for name in "abcde"]
    inhabitants[0].obedient = False
    world = World(inhabitants, total=11 * GIB, other=2 * GIB)
    seen = sound(world, 60)
    assert Reason.STUCK in {by_name(result)["a"].reason for result in seen}
    assert inhabitants[0].actual == 2 * GIB
    assert world.available >= 400 * MIB
    assert world.hungry() == []


def test_a_silent_guest_is_not_shrunk_and_the_others_make_up_for_it() -> None:
    inhabitants = [Inhabitant(name, use=300 * MIB) for name in "abcd"]
    world = World(inhabitants, total=10 * GIB, other=GIB)
    world.settle(10)
    inhabitants[0].silent = True
    before = inhabitants[0].actual
    world.turns(4)
    world.other = 4 * GIB
    seen = sound(world, 60)
    assert reasons(seen[-1])["a"] == "StatisticsStale"
    assert inhabitants[0].actual >= before
    assert world.available >= 400 * MIB
    assert world.hungry() == []


def test_a_guest_that_speaks_again_is_shrunk_again() -> None:
    inhabitants = [Inhabitant(name, use=300 * MIB) for name in "abcd"]
    world = World(inhabitants, total=10 * GIB, other=4 * GIB)
    inhabitants[0].silent = True
    world.settle(60)
    assert inhabitants[0].actual == 2 * GIB
    inhabitants[0].silent = False
    world.settle(60)
    assert inhabitants[0].actual < 1800 * MIB
    assert restless(sound(world, 30)) == []


def test_a_guest_that_takes_memory_back_by_itself_is_given_it() -> None:
    inhabitants = [Inhabitant(name, use=300 * MIB, autodeflate=True) for name in "abcd"]
    world = World(inhabitants, total=8 * GIB, other=4 * GIB)
    world.settle(40)
    inhabitants[0].use = 1500 * MIB
    sound(world, 60)
    assert inhabitants[0].actual >= inhabitants[0].needs + 16 * MIB
    assert restless(sound(world, 30)) == []


# --- Many small guests --------------------------------------------------------------------------------


def test_500_small_guests_move_although_each_moves_little() -> None:
    """A dead band of a fixed 64 MiB never moved them."""
    inhabitants = [
        Inhabitant(f"g{index:03}", maximum=512 * MIB, use=(350 if index % 4 == 0 else 60) * MIB)
        for index in range(500)
    ]
    world = World(inhabitants, total=176 * GIB, policies=(Policy(name="all"),))
    sound(world, 25)
    assert world.hungry() == []
    assert world.available >= 0.04 * 176 * GIB - 500 * 5 * MIB
    for index, one in enumerate(inhabitants):
        one.use = (350 if index % 4 == 1 else 60) * MIB
    sound(world, 25)
    assert world.hungry() == []
    assert restless(list(world.turns(5))) == []


# --- Nothing swings -----------------------------------------------------------------------------------


def turning_points(sizes: Iterable[float]) -> int:
    """Return how often a size changes its direction."""
    steps = [after - before for before, after in pairwise(sizes) if after != before]
    return sum((one > 0) != (other > 0) for one, other in pairwise(steps))


@pytest.mark.parametrize("autodeflate", [False, True], ids=["linux", "fixed-total"])
@pytest.mark.parametrize("cycle", [2.0, 5.0], ids=["2-s", "5-s"])
def test_after_one_step_of_demand_no_guest_swings(cycle: float, autodeflate: bool) -> None:  # noqa: FBT001
    world = textbook(cycle=cycle)
    for one in world.inhabitants:
        one.autodeflate = autodeflate
    world.settle(40)
    let_work(world, "BDF")
    sizes: dict[str, list[float]] = {one.name: [] for one in world.inhabitants}
    for _ in range(100):
        world.turn()
        for one in world.inhabitants:
            sizes[one.name].append(one.actual)
    assert {name: turning_points(run) for name, run in sizes.items() if turning_points(run) > 3} == {}
    world.settle(300)  # Until the peaks from before the step are forgotten.
    assert restless(list(world.turns(30))) == []

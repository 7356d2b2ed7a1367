"""Every invariant is shown to fire: on a law that is broken on purpose, in one way each.

A broken law is the real one with its answer, or its question, spoilt. Random scenarios are searched until
one shows it, which also proves that the scenarios are rich enough to.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import Phase, find, settings

from ballonet.decision import Decision, Plan, Resize, Stay, View
from ballonet.guest import Guest, Hold, Overrides, Read, State
from ballonet.history import History
from ballonet.law.invariants import (
    PAGE,
    broken,
    depends_on_order,
    raised_by_less,
    restless,
    scales_otherwise,
)
from ballonet.plan import plan
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from scenarios import Scenario, Situation, play, scalable_scenarios, scenarios
from worlds import Inhabitant, World, decide, guest, lawful, moves, sample, traits, view

Law = Callable[[Situation], Plan]


def sound(situation: Situation) -> Plan:
    return situation.plan()


def spoil(situation: Situation, change: Callable[[Decision], Decision]) -> Plan:
    """Return the lawful plan with every decision changed."""
    result = situation.plan()
    return replace(result, decisions=tuple(change(decision) for decision in result.decisions))


def resize(stay: Stay, target: int, reason: Reason) -> Decision:
    """Return a move of a guest that the law left alone; the same where nothing is known of it."""
    if stay.terms is None or stay.target is None or target == stay.target:
        return stay
    return Resize(
        guest=stay.guest,
        policy=stay.policy,
        current=stay.target,
        target=target,
        reason=reason,
        terms=stay.terms,
        grow_to=max(stay.grow_to or 0, target),
        shrink_to=min(stay.shrink_to or 0, target),
    )


# --- Laws that are broken in one way ------------------------------------------------------------------


def forgets_a_guest(situation: Situation) -> Plan:
    result = situation.plan()
    return replace(result, decisions=result.decisions[1:])


def decides_twice(situation: Situation) -> Plan:
    result = situation.plan()
    return replace(result, decisions=result.decisions[:1] + result.decisions)


def invents_a_guest(situation: Situation) -> Plan:
    result = situation.plan()
    stranger = Stay(guest=guest("stranger"), policy=None, target=None, reason=Reason.NO_POLICY)
    return replace(result, decisions=(*result.decisions, stranger))


def grows_above_the_maximum(situation: Situation) -> Plan:
    return spoil(
        situation,
        lambda d: replace(d, target=d.terms.maximum + PAGE) if isinstance(d, Resize) and d.grows else d,
    )


def shrinks_below_the_floor(situation: Situation) -> Plan:
    return spoil(
        situation,
        lambda d: (
            replace(d, target=max(0, d.terms.floor - PAGE)) if isinstance(d, Resize) and not d.grows else d
        ),
    )


def shrinks_blind_guests(situation: Situation) -> Plan:
    def change(decision: Decision) -> Decision:
        if isinstance(decision, Stay) and decision.reason is Reason.STATISTICS_STALE:
            return resize(decision, (decision.target or 0) // 2, Reason.HOST_LOW)
        return decision

    return spoil(situation, change)


def moves_who_must_be_left_alone(situation: Situation) -> Plan:
    def change(decision: Decision) -> Decision:
        alone = {Reason.MIGRATING, Reason.HELD, Reason.EXEMPT, Reason.HUGEPAGES, Reason.NOT_RUNNING}
        if isinstance(decision, Stay) and decision.reason in alone:
            return resize(decision, decision.guest.maximum or 0, Reason.BELOW_NEED)
        return decision

    return spoil(situation, change)


def gives_no_honest_reason(situation: Situation) -> Plan:
    return spoil(situation, lambda d: replace(d, reason=Reason.STUCK) if isinstance(d, Resize) else d)


def grows_beyond_the_fill(situation: Situation) -> Plan:
    return spoil(
        situation,
        lambda d: replace(d, target=d.grow_to + PAGE) if isinstance(d, Resize) and d.grows else d,
    )


def shrinks_beyond_the_fill(situation: Situation) -> Plan:
    return spoil(
        situation,
        lambda d: replace(d, target=d.shrink_to - PAGE) if isinstance(d, Resize) and not d.grows else d,
    )


def grants_all_that_is_asked(situation: Situation) -> Plan:
    return spoil(
        situation, lambda d: replace(d, target=d.grow_to) if isinstance(d, Resize) and d.grows else d
    )


def counts_what_nobody_touched_as_free(situation: Situation) -> Plan:
    """Plan as if every guest had arrived at its target and held all of it."""
    result = situation.plan()
    there = {
        d.guest.uuid: max(d.guest.actual or 0, (d.current if isinstance(d, Resize) else d.target) or 0)
        for d in result.decisions
    }
    arrived = tuple(
        one if one.actual is None else replace(one, actual=there[one.uuid], resident=there[one.uuid])
        for one in situation.view.guests
    )
    hopeful = replace(situation, view=replace(situation.view, guests=arrived)).plan()
    true = {one.uuid: one for one in situation.view.guests}
    return replace(hopeful, decisions=tuple(replace(d, guest=true[d.guest.uuid]) for d in hopeful.decisions))


def holds_need_back_for_spare_memory(situation: Situation) -> Plan:
    """Give the first guest that grows toward its need nothing, and all the others what the fill allows."""
    numbers = count()

    def change(decision: Decision) -> Decision:
        if not isinstance(decision, Resize) or not decision.grows:
            return decision
        if decision.current < decision.terms.need and next(numbers) == 0:
            return replace(decision, target=decision.current)
        return replace(decision, target=decision.grow_to)

    return spoil(situation, change)


def serves_the_first_in_the_list(situation: Situation) -> Plan:
    """Let only the first growing guest of the list grow."""
    result = situation.plan()
    growing = [move.guest.uuid for move in moves(result) if move.grows]
    first = next((one.uuid for one in situation.view.guests if one.uuid in growing), None)
    return spoil(
        situation,
        lambda d: (
            replace(d, target=d.current) if isinstance(d, Resize) and d.grows and d.guest.uuid != first else d
        ),
    )


def takes_policies_as_they_come(situation: Situation) -> Plan:
    listed = tuple(replace(one, priority=-place) for place, one in enumerate(situation.policies))
    return replace(situation, policies=listed).plan()


def gives_more_when_there_is_less(situation: Situation) -> Plan:
    host = situation.view.host
    mirrored = replace(host, available=host.total - host.available)
    return replace(situation, view=replace(situation.view, host=mirrored)).plan()


def never_moves_less_than_64_mib(situation: Situation) -> Plan:
    """The dead band that never moves 500 small guests."""
    return spoil(
        situation,
        lambda d: (
            replace(d, target=d.current)
            if isinstance(d, Resize) and abs(d.target - d.current) < 64 * MIB
            else d
        ),
    )


def keeps_640_mib_whatever_the_policy_says(situation: Situation) -> Plan:
    host = situation.view.host
    poorer = replace(host, available=max(0, host.available - 640 * MIB))
    return replace(situation, view=replace(situation.view, host=poorer)).plan()


# --- Each is found out --------------------------------------------------------------------------------

SEARCH = settings(max_examples=3000, phases=(Phase.generate,), database=None)


def complains(complaints: Iterable[str], words: str) -> bool:
    """Whether one of the complaints contains the words."""
    return any(words in complaint for complaint in complaints)


@pytest.mark.parametrize(
    ("law", "complaint"),
    [
        (forgets_a_guest, "0 decisions instead of one"),
        (decides_twice, "2 decisions instead of one"),
        (invents_a_guest, "decided about who is not there"),
        (grows_above_the_maximum, "is above the maximum"),
        (shrinks_below_the_floor, "is below the floor"),
        (shrinks_blind_guests, "shrunk without fresh statistics"),
        (moves_who_must_be_left_alone, "moved although nobody may touch it"),
        (gives_no_honest_reason, "moved although Stuck"),
        (grows_beyond_the_fill, "grown to"),
        (shrinks_beyond_the_fill, "shrunk to"),
        (grants_all_that_is_asked, "are available above the critical level"),
        (counts_what_nobody_touched_as_free, "are available above the critical level"),
        (holds_need_back_for_spare_memory, "given more than its need while"),
    ],
    ids=lambda value: value.__name__.replace("_", "-") if callable(value) else "",
)
def test_a_law_that_breaks_a_rule_is_found_out(law: Law, complaint: str) -> None:
    def shown(scenario: Scenario) -> bool:
        situation = play(scenario)
        return complains(broken(situation.view, law(situation)), complaint)

    found = play(find(scenarios(), shown, settings=SEARCH))
    assert broken(found.view, sound(found)) == []


@pytest.mark.parametrize("law", [serves_the_first_in_the_list, takes_policies_as_they_come])
def test_a_law_that_depends_on_the_order_of_its_input_is_found_out(law: Law) -> None:
    def complaints(scenario: Scenario, law: Law) -> list[str]:
        situation = play(scenario)
        backwards = situation.shuffled(range(len(scenario.guests))[::-1], range(len(scenario.policies))[::-1])
        return depends_on_order(law(situation), law(backwards))

    found = find(scenarios(), lambda scenario: complaints(scenario, law) != [], settings=SEARCH)
    assert complaints(found, sound) == []


def test_a_law_that_gives_more_when_there_is_less_is_found_out() -> None:
    def complaints(scenario: Scenario, law: Law) -> list[str]:
        situation = play(scenario)
        return raised_by_less(law(situation), law(situation.with_less(scenario.total // 8)))

    found = find(
        scenarios(one_reserve=True),
        lambda scenario: complaints(scenario, gives_more_when_there_is_less) != [],
        settings=SEARCH,
    )
    assert complaints(found, sound) == []


@pytest.mark.parametrize("law", [never_moves_less_than_64_mib, keeps_640_mib_whatever_the_policy_says])
def test_a_law_with_sizes_of_its_own_is_found_out(law: Law) -> None:
    def complaints(scenario: Scenario, law: Law) -> list[str]:
        return scales_otherwise(law(play(scenario)), law(play(scenario, 4)), 4)

    found = find(scalable_scenarios(), lambda scenario: complaints(scenario, law) != [], settings=SEARCH)
    assert complaints(found, sound) == []


def test_a_law_that_finds_no_rest_is_found_out() -> None:
    def undecided(seen: View, policies: Iterable[Policy], history: History, cycle: float) -> Plan:
        """Believe in every second cycle that the host has 1 GiB less."""
        swing = GIB if int(seen.now / cycle) % 2 else 0
        host = replace(seen.host, available=max(0, seen.host.available - swing))
        return plan(replace(seen, host=host), policies, history, cycle=cycle)

    def last_plans(law: Callable[[View, Iterable[Policy], History, float], Plan]) -> list[Plan]:
        world = World([Inhabitant("a"), Inhabitant("b", use=GIB)], total=4 * GIB, other=GIB, law=law)
        return list(world.turns(60))[-20:]

    assert restless(last_plans(undecided)) != []
    assert restless(last_plans(lawful)) == []


# --- Untouchable is judged by the view ----------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        guest(migrating=True),
        guest(state=State.PAUSED),
        guest(read=Read.BUSY),
        guest(traits=None),
        guest(traits=traits(balloon_model="none")),
        guest(traits=traits(hugepages=True)),
        guest(traits=traits(locked=True)),
        guest(traits=traits(overrides=Overrides(exempt=True))),
        guest(traits=traits(overrides=Overrides(hold=Hold(until=1e12)))),
        guest(sample=None),
        guest(sample=replace(sample(usable=0), total=None)),
    ],
    ids=[
        "migrating", "paused", "busy", "no-xml", "no-balloon", "huge-pages", "pinned", "exempt", "held",
        "no-report", "no-total",
    ],
)  # fmt: skip
def test_a_plan_is_not_believed_when_it_says_that_a_guest_may_be_moved(one: Guest) -> None:
    lawful_plan = decide(view(guest(maximum=4 * GIB)))
    (move,) = moves(lawful_plan)
    seen = view(one)
    spoilt = replace(lawful_plan, decisions=(replace(move, guest=replace(one, maximum=4 * GIB)),))
    assert complains(broken(seen, spoilt), "nobody may touch it")


def test_nobody_beyond_its_want_is_served_before_another_has_its_want() -> None:
    """Headroom comes before spare memory as need comes before headroom."""
    thirsty = guest("a", actual=GIB, maximum=4 * GIB, usable=60 * MIB)
    content = guest("b", actual=GIB, maximum=4 * GIB, usable=900 * MIB)
    seen = view(thirsty, content, available=6 * GIB)
    result = decide(seen)
    assert broken(seen, result) == []
    changed = tuple(
        replace(d, target=d.current + 45 * MIB) if isinstance(d, Resize) and d.guest.name == "a" else d
        for d in result.decisions
    )
    assert complains(
        broken(seen, replace(result, decisions=changed)), "given more than its want while a lacks it"
    )

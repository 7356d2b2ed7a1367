"""Guests whose policy was removed: what is told of them until they have their memory back."""

from dataclasses import replace

import pytest

from agent_parts import page
from ballonet.decision import Decision
from ballonet.guest import Guest
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.manifests.v1alpha1_status import Condition
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.guest_details import details
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.recent import HOLD, Recent
from ballonet_operator.node.write_pace import differs
from ballonet_operator.report import Outcome, Report, Result
from host_reports import done, recent, report, resize, stay
from worlds import NOW, Inhabitant, World, guest, moves

EMPTY = Report(number=1, at=NOW, duration=0.1, page=page())


def small(name: str = "a", actual: int = 384 * MIB) -> Guest:
    return guest(name, actual=actual)


def waits(name: str = "a", actual: int = 384 * MIB, target: int | None = None) -> Decision:
    return stay(small(name, actual), Reason.POLICY_REMOVED, None, target=target)


def told(*reports: Report, before: HostStatus | None = None) -> HostStatus:
    return host_status(recent(*reports), before or HostStatus(), "kvm-1", (), now=NOW)


def settled(*reports: Report) -> Condition:
    (one,) = (each for each in told(*reports).conditions if each.type == "Settled")
    return one


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        pytest.param(
            [waits(), waits("b", 512 * MIB)],
            "2 guests whose policy was removed: waiting until the host can spare 1.1Gi more",
            id="two",
        ),
        pytest.param(
            [waits(), waits("b", 512 * MIB, target=GIB)],
            "1 guest whose policy was removed: waiting until the host can spare 640Mi more",
            id="one on its way",
        ),
        pytest.param(
            [waits("b", 512 * MIB, target=GIB)],
            "1 guest whose policy was removed: growing back to the maximum",
            id="all on their way",
        ),
    ],
)
def test_a_host_is_not_settled_while_guests_wait_for_what_was_taken_from_them(
    decisions: list[Decision], said: str
) -> None:
    found = settled(report(*decisions))

    assert (found.status, found.reason, found.message) == ("False", "Releasing", said)


def test_a_host_whose_guests_need_more_than_there_is_says_that_first() -> None:
    assert settled(report(waits(), overcommitted=GIB)).reason == "Overcommitted"


def test_a_host_is_settled_some_time_after_the_last_guest_has_all_of_it() -> None:
    after = [report(stay(guest(), Reason.NO_POLICY, None), at=NOW + more) for more in (2.0, HOLD)]

    assert [settled(report(waits()), each).status for each in after] == ["False", "True"]


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(stay(small(), Reason.NO_POLICY, None), id="made small by hand"),
        pytest.param(waits(actual=GIB - 15 * MIB), id="what is missing is not worth moving"),
    ],
)
def test_of_a_guest_that_waits_for_nothing_nothing_is_told(decision: Decision) -> None:
    assert settled(report(decision)).status == "True"
    assert details(report(decision)) == ((), 0)


def test_guests_that_wait_are_told_of_one_by_one_before_those_that_are_only_shrunk() -> None:
    found = told(report(stay(small("shrunk", 256 * MIB)), waits("released")))

    first, second = found.document()["details"]
    assert (first["guest"], second["guest"]) == ("released", "shrunk")
    assert (first["reason"], first["actual"], first["target"], first["maximum"]) == (
        "PolicyRemoved", "384Mi", "384Mi", "1Gi",
    )  # fmt: skip
    assert "policy" not in first
    assert first["message"] == (
        "no policy owns the guest any more, so it grows back to its maximum; it waits until the host has "
        "memory to spare"
    )
    assert (found.guests.shrunk, found.reclaimed) == (1, "768Mi")


def test_a_guest_that_grows_back_does_not_wait() -> None:
    move = resize(small(), GIB, Reason.POLICY_REMOVED)

    (found,), _ = details(report(move, outcomes=[done(move)]))

    assert found.message == "no policy owns the guest any more, so it grows back to its maximum"


def test_a_guest_that_could_not_be_given_its_memory_says_why() -> None:
    move = resize(small(), GIB, Reason.POLICY_REMOVED)
    refused = Outcome(decision=move, result=Result.REFUSED, message="busy")

    (found,), _ = details(report(move, outcomes=[refused]))

    assert found.message.endswith("; not moved: busy")


def test_a_guest_that_waits_costs_no_further_write() -> None:
    before = told(report(waits()))
    wavering = report(waits(actual=384 * MIB + 900 * 1024, target=384 * MIB), at=NOW + 60)

    assert not differs(told(report(waits()), wavering, before=before), before)


def released(world: World, known: Recent, cycles: int) -> tuple[Recent, set[str]]:
    """Let cycles pass and return what was said of being settled while guests were below their maximum."""
    said = set()
    for _ in range(cycles):
        plan = world.turn()
        outcomes = tuple(done(move) for move in moves(plan))
        known = known.after(replace(EMPTY, at=world.now, view=world.seen, plan=plan, outcomes=outcomes))
        status = host_status(known, HostStatus(), "kvm-1", (), now=world.now)
        (condition,) = (each for each in status.conditions if each.type == "Settled")
        if any(one.actual < GIB - 64 * MIB for one in world.inhabitants):
            said.add(condition.reason)
    return known, said or {condition.reason}


def test_a_host_is_settled_only_once_the_guests_of_a_removed_policy_have_their_maximum() -> None:
    world = World([Inhabitant(f"g{number}", maximum=GIB) for number in range(4)], total=4 * GIB, other=GIB)
    world.settle(60)
    world.policies = ()

    known, waiting = released(world, recent(), 60)
    assert waiting == {"Releasing"}

    world.other = -GIB
    known, growing = released(world, known, 5)
    assert growing == {"Releasing"}
    known, _ = released(world, known, 60)
    assert released(world, known, 60)[1] == {"Settled"}

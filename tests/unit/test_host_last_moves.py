"""Why a guest has what it has: its last move, and whether the host holds it below what it wants."""

from dataclasses import replace
from typing import Any

import pytest

from ballonet.manifests.v1alpha1_host import GuestDetail, HostStatus
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.guest_details import details
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.write_pace import differs
from ballonet_operator.report import Outcome, Report, Result
from host_reports import done, recent, report, resize, stay
from worlds import NOW, guest


def step(before: int, after: int, at: float, reason: Reason = Reason.HOST_LOW) -> Report:
    """Return a cycle in which guest a was moved."""
    move = resize(guest(actual=before * MIB), after * MIB, reason)
    return report(move, at=at, outcomes=[done(move)])


def told(*reports: Report, before: HostStatus | None = None) -> HostStatus:
    return host_status(recent(*reports), before or HostStatus(), "kvm-1", (), now=NOW)


def last_move(*reports: Report, before: HostStatus | None = None) -> dict[str, Any] | None:
    (one,) = told(*reports, before=before).document()["details"]
    found: dict[str, Any] | None = one.get("lastMove")
    return found


REST = report(stay(guest(actual=256 * MIB)), at=NOW + 60)


def test_the_last_move_says_why_a_guest_has_less_than_its_maximum() -> None:
    assert last_move(step(1024, 256, NOW), REST) == {
        "reason": "HostLow", "from": "1Gi", "to": "256Mi", "at": "1970-01-12T13:46:40Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "move"),
    [
        pytest.param([step(1024, 800, NOW), step(800, 256, NOW + 15)], ("1Gi", "256Mi"), id="soon after"),
        pytest.param([step(1024, 800, NOW), step(800, 256, NOW + 16)], ("800Mi", "256Mi"), id="much later"),
        pytest.param([step(512, 800, NOW), step(800, 256, NOW + 2)], ("800Mi", "256Mi"), id="back"),
        pytest.param(
            [step(1024, 800, NOW), step(700, 256, NOW + 2)], ("700Mi", "256Mi"), id="moved by hand between"
        ),
        pytest.param(
            [step(1024, 800, NOW), step(800, 256, NOW - 2)], ("800Mi", "256Mi"), id="the clock was set back"
        ),
    ],
)
def test_steps_in_one_direction_are_one_move(steps: list[Report], move: tuple[str, str]) -> None:
    found = last_move(*steps, REST)

    assert found is not None
    assert (found["from"], found["to"]) == move


def test_the_reason_of_several_steps_is_that_of_the_last() -> None:
    found = last_move(step(1024, 800, NOW, Reason.HOST_CRITICAL), step(800, 256, NOW + 2), REST)

    assert found is not None
    assert (found["reason"], found["at"]) == ("HostLow", "1970-01-12T13:46:42Z")


def test_a_move_that_was_refused_is_none() -> None:
    move = resize(guest(actual=900 * MIB), 256 * MIB)
    refused = report(move, outcomes=[Outcome(decision=move, result=Result.REFUSED)])

    assert last_move(refused) is None


def test_a_guest_that_is_gone_is_forgotten_with_its_move() -> None:
    other = resize(guest("b"), 800 * MIB)

    known = recent(step(1024, 256, NOW), report(other, at=NOW + 2, outcomes=[done(other)]))

    assert list(known.moved) == ["uuid-b"]


def test_the_move_that_an_agent_before_this_one_made_stays() -> None:
    before = told(step(1024, 256, NOW), REST)

    assert last_move(REST, before=before) == last_move(step(1024, 256, NOW), REST)


def test_a_last_move_alone_is_no_news() -> None:
    assert not differs(told(step(1024, 256, NOW), REST), told(REST))


def held(lacks: int, *, grow_to: int = 500 * MIB, reason: Reason = Reason.SETTLED) -> Report:
    """Return a cycle in which a guest is left alone that wants this much more than it has."""
    one = stay(guest(actual=500 * MIB), reason)
    assert one.terms is not None
    return report(replace(one, terms=one.terms._replace(want=500 * MIB + lacks), grow_to=grow_to))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(held(33 * MIB), "HostFull", id="it wants more"),
        pytest.param(
            held(33 * MIB, reason=Reason.SMALL_CHANGE), "HostFull", id="it could have a little more"
        ),
        pytest.param(held(32 * MIB), "Settled", id="it wants hardly more"),
        pytest.param(held(33 * MIB, grow_to=GIB), "Settled", id="the host would give it more"),
        pytest.param(held(33 * MIB, reason=Reason.FROZEN_BY_POLICY), "FrozenByPolicy", id="it is left alone"),
    ],
)
def test_a_guest_that_the_host_holds_below_what_it_wants_is_not_settled(found: Report, said: str) -> None:
    (one,), _ = details(found)

    assert one.reason == said
    assert ("has what it should have" in one.message) is (said == "Settled")
    assert ("the host cannot give it more" in one.message) is (said == "HostFull")


def short(lacks: int) -> Report:
    """Return a cycle in which guests need more than there is, and one has all that it needs and wants."""
    one = stay(guest(actual=GIB - lacks))
    assert one.terms is not None
    terms = one.terms._replace(want=GIB - lacks)
    return report(replace(one, terms=terms, grow_to=GIB - lacks), overcommitted=GIB)


def test_no_shrunk_guest_is_settled_while_the_guests_need_more_than_there_is() -> None:
    ((much,), _), ((little,), _) = details(short(768 * MIB)), details(short(32 * MIB))

    assert (much.reason, little.reason) == ("HostFull", "Settled")
    assert much.message == "the guest has what it needs, and the host cannot give it more"


def test_below_its_need_a_guest_is_said_to_lack_memory() -> None:
    (one,), _ = details(held(GIB // 4, reason=Reason.HOST_FULL))

    assert one.message == "the guest should grow, but the host has nothing left to grant"


def test_a_guest_that_was_held_is_so_until_it_has_all_that_it_wants() -> None:
    first, _ = details(held(33 * MIB))
    second, _ = details(held(MIB), before=first)
    third, _ = details(held(0), before=second)
    fourth, _ = details(held(32 * MIB), before=third)

    assert [each.reason for (each,) in (first, second, third, fourth)] == [
        "HostFull", "HostFull", "Settled", "Settled",
    ]  # fmt: skip


def test_a_name_that_had_to_be_cut_finds_its_past() -> None:
    one = replace(guest(actual=256 * MIB), uuid="u" * 300)
    move = resize(replace(one, actual=GIB), 256 * MIB)
    before = told(report(move, outcomes=[done(move)]), report(stay(one), at=NOW + 60))

    (found,) = told(report(stay(one)), before=before).details

    assert isinstance(found, GuestDetail)
    assert found.last_move is not None

"""The status of a host: what it says after which cycles."""

from dataclasses import replace

import pytest

from ballonet.guest import Guest, State
from ballonet.host import Pressure
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.manifests.v1alpha1_status import Condition, Truth
from ballonet.policy import Labels
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.early_news import turned
from ballonet_operator.node.host_status import VERSION, host_status
from ballonet_operator.node.recent import HOLD, Recent
from ballonet_operator.report import Report
from host_reports import done, lost, recent, report, resize, stay
from worlds import NOW, guest

LABELS: Labels = ()
CALM = stay(guest())
MOVE = resize(guest(), 900 * MIB)
MOVED = report(MOVE, outcomes=[done(MOVE)])


def status(known: Recent, before: HostStatus | None = None, *, now: float = NOW) -> HostStatus:
    return host_status(known, before or HostStatus(), "kvm-1", LABELS, now=now)


def conditions(*reports: Report) -> dict[str, tuple[str, str]]:
    """Return each condition's status and reason after these cycles."""
    return {each.type: (each.status, each.reason) for each in status(recent(*reports)).conditions}


def condition(found: HostStatus, kind: str) -> Condition:
    (one,) = (each for each in found.conditions if each.type == kind)
    return one


@pytest.mark.parametrize(
    ("reports", "kind", "said"),
    [
        pytest.param([report(CALM)], "HypervisorConnected", ("True", "Connected"), id="libvirt answers"),
        pytest.param([lost()], "HypervisorConnected", ("False", "Unreachable"), id="libvirt does not"),
        pytest.param(
            [lost(), report(CALM)], "HypervisorConnected", ("True", "Connected"), id="libvirt is back"
        ),
        pytest.param([report(CALM)], "MemoryPressure", ("False", "Enough"), id="memory enough"),
        pytest.param(
            [report(CALM, available=399 * MIB)],
            "MemoryPressure",
            ("True", "Pressure"),
            id="below the smaller reserve",
        ),
        pytest.param(
            [report(CALM, available=500 * MIB)],
            "MemoryPressure",
            ("False", "Enough"),
            id="between the reserves",
        ),
        pytest.param(
            [report(CALM, available=159 * MIB, pressed=True)],
            "MemoryPressure",
            ("True", "Critical"),
            id="critical says more than pressed",
        ),
        pytest.param(
            [report(CALM, pressed=True)], "MemoryPressure", ("True", "Pressure"), id="tasks wait for memory"
        ),
        pytest.param(
            [report(CALM, pressed=True), report(CALM, at=NOW + HOLD - 1)],
            "MemoryPressure",
            ("True", "Pressure"),
            id="pressure a moment ago",
        ),
        pytest.param(
            [report(CALM, pressed=True), report(CALM, at=NOW + HOLD)],
            "MemoryPressure",
            ("False", "Enough"),
            id="pressure is past",
        ),
        pytest.param([report(CALM)], "Settled", ("True", "Settled"), id="nothing moves"),
        pytest.param([MOVED], "Settled", ("False", "Moving"), id="a guest moves"),
        pytest.param([report(MOVE)], "Settled", ("True", "Settled"), id="a move that was not made"),
        pytest.param(
            [MOVED, report(CALM, at=NOW + HOLD - 1)],
            "Settled",
            ("False", "Moving"),
            id="a guest moved a moment ago",
        ),
        pytest.param(
            [MOVED, report(CALM, at=NOW + HOLD)], "Settled", ("True", "Settled"), id="a move is past"
        ),
        pytest.param(
            [MOVED, report(CALM, at=NOW - 3600)],
            "Settled",
            ("True", "Settled"),
            id="the clock was set back",
        ),
        pytest.param(
            [report(MOVE, outcomes=[done(MOVE)], overcommitted=1)],
            "Settled",
            ("False", "Overcommitted"),
            id="needs exceed the host while guests move",
        ),
        pytest.param(
            [MOVED, lost(at=NOW + 1000)],
            "Settled",
            ("False", "Moving"),
            id="libvirt is lost after a move, so nobody knows better",
        ),
        pytest.param([lost()], "Settled", ("Unknown", "Unreachable"), id="nothing was ever seen"),
    ],
)
def test_a_condition_says_how_the_host_is(reports: list[Report], kind: str, said: tuple[str, str]) -> None:
    assert conditions(*reports)[kind] == said


def test_the_time_of_a_condition_is_that_of_its_last_change() -> None:
    first = status(recent(report(CALM)), now=NOW)
    second = status(recent(MOVED), first, now=NOW + 60)
    third = status(recent(report(CALM, overcommitted=GIB)), second, now=NOW + 120)

    times = [condition(each, "Settled").last_transition_time for each in (first, second, third)]
    assert times == ["1970-01-12T13:46:40Z", "1970-01-12T13:47:40Z", "1970-01-12T13:47:40Z"]
    assert condition(third, "Settled").reason == "Overcommitted"
    assert condition(third, "MemoryPressure").last_transition_time == times[0]


def test_numbers_are_those_of_the_host_and_the_plan() -> None:
    pressed = Pressure(avg10=12.345, avg60=0.0, avg300=0.0, total=0.0)
    found = status(
        recent(
            report(CALM, available=int(1.26 * GIB), some=pressed, pressed=True, overcommitted=300 * MIB + 5)
        )
    )

    assert (found.memory.total, found.memory.available, found.memory.pressure) == ("4Gi", "1.3Gi", 12.3)
    reserves = found.reserves
    assert (reserves.grow, reserves.reclaim, reserves.critical, reserves.raised) == (
        "640Mi",
        "400Mi",
        "160Mi",
        True,
    )
    assert found.overcommitted == "300Mi"
    assert found.version == VERSION


def test_a_budget_is_all_the_memory_that_there_is() -> None:
    found = status(recent(report(CALM, budget=2 * GIB, available=-512 * MIB)))

    assert (found.memory.total, found.memory.available) == ("2Gi", "-512Mi")
    assert found.memory.pressure is None


def test_guests_are_counted_by_what_they_are() -> None:
    found = status(
        recent(
            report(
                stay(guest("a", actual=GIB // 2)),
                stay(guest("b"), Reason.STUCK),
                stay(guest("c"), Reason.HUGEPAGES),
                stay(guest("d"), Reason.UNRESPONSIVE),
                stay(guest("e"), Reason.NO_POLICY, None),
                stay(Guest(uuid="f", name="f", state=State.SHUT_OFF, maximum=GIB), Reason.NOT_RUNNING),
            )
        )
    )

    counts = {key: value for key, value in found.guests.model_dump().items() if value}
    assert counts == {
        "total": 5,
        "selected": 4,
        "owned": 4,
        "shrunk": 1,
        "stuck": 1,
        "ineligible": 1,
        "unresponsive": 1,
    }
    assert found.reclaimed == "512Mi"


def test_while_libvirt_is_away_the_last_numbers_stay() -> None:
    seen = report(stay(guest(actual=GIB // 2)))
    before = status(recent(seen))

    found = status(recent(seen, lost("no\x1b socket", at=NOW + 60)), before, now=NOW + 60)

    connected = condition(found, "HypervisorConnected")
    assert (connected.status, connected.message) == (Truth.FALSE, "no? socket")
    assert found.model_copy(update={"conditions": ()}) == before.model_copy(update={"conditions": ()})
    assert found.guests.owned == 1


def test_an_agent_that_starts_without_libvirt_keeps_what_the_one_before_it_knew() -> None:
    before = status(recent(report(stay(guest(actual=GIB // 2)), overcommitted=GIB)))

    found = status(recent(lost()), before, now=NOW + 60)

    assert (found.reclaimed, found.guests, found.details) == (before.reclaimed, before.guests, before.details)
    assert condition(found, "Settled") == condition(before, "Settled")
    assert condition(found, "HypervisorConnected").status is Truth.FALSE


def test_a_cycle_that_lost_libvirt_while_it_moved_guests_still_has_its_numbers() -> None:
    cut_short = replace(MOVED, lost="connection reset")

    found = status(recent(cut_short))

    assert found.guests.owned == 1
    assert condition(found, "HypervisorConnected").status is Truth.FALSE
    assert condition(found, "Settled").reason == "Moving"


def test_reserves_are_raised_where_the_plan_says_so() -> None:
    for pressed in (True, False):
        assert status(recent(report(CALM, pressed=pressed))).reserves.raised is pressed


@pytest.mark.parametrize(
    ("now", "at_once"),
    [
        pytest.param(report(CALM, at=NOW + 2), False, id="nothing"),
        pytest.param(report(CALM, at=NOW + 2, available=800 * MIB), False, id="a number"),
        pytest.param(report(CALM, at=NOW + 2, overcommitted=GIB), True, id="a condition"),
        pytest.param(lost(at=NOW + 2), True, id="libvirt"),
    ],
)
def test_only_a_condition_that_turned_is_told_at_once(now: Report, *, at_once: bool) -> None:
    written = status(recent(report(CALM)))

    assert turned(recent(report(CALM), now), written) is at_once


def test_another_reason_of_a_condition_can_wait() -> None:
    written = status(recent(MOVED))

    assert not turned(recent(report(CALM, overcommitted=GIB)), written)


def test_a_host_of_which_nothing_was_written_is_told_of_at_once() -> None:
    assert turned(recent(report(CALM)), None)


def test_while_libvirt_stays_away_there_is_nothing_new_to_tell() -> None:
    written = status(recent(lost()))

    assert not turned(recent(lost(), lost(at=NOW + 2)), written)


def test_a_status_survives_its_way_through_the_cluster() -> None:
    found = status(recent(report(stay(guest(actual=GIB // 2)), CALM, overcommitted=GIB)))

    assert HostStatus.model_validate(found.document()) == found

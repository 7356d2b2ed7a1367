"""What of a cycle deserves a Kubernetes Event."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ballonet.decision import Decision, Starvation
from ballonet.guest import Guest, State
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.host_events import HostEvent, Vigil
from ballonet_operator.node.recent import HOLD, Recent
from ballonet_operator.report import Report
from herd import HOSTILE
from host_reports import lost, report, resize, stay
from worlds import NOW, guest

A = guest("a", actual=GIB // 2)
CALM = stay(A)
STUCK = stay(A, Reason.STUCK, target=256 * MIB)
FULL = stay(A, Reason.HOST_FULL, starved=Starvation.FAULTING)
OFF = stay(Guest(uuid=A.uuid, name="a", state=State.SHUT_OFF, maximum=GIB), Reason.NOT_RUNNING)


def told(reports: Sequence[Report]) -> list[HostEvent]:
    """Return all Events of these cycles."""
    vigil, known = Vigil(), Recent()
    events: list[HostEvent] = []
    for each in reports:
        known = known.after(each)
        vigil, found = vigil.after(known)
        events += found
    return events


def cycles(*decisions: Decision, every: float = 2.0, start: float = NOW) -> list[Report]:
    """Return one cycle for each decision, about one guest."""
    return [report(each, at=start + every * number) for number, each in enumerate(decisions)]


def reasons(*reports: Report) -> list[str]:
    return [each.reason for each in told(reports)]


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        pytest.param([CALM] * 9, [], id="all is well"),
        pytest.param([CALM, STUCK, STUCK, STUCK], ["GuestStuck"], id="stuck, told once"),
        pytest.param([STUCK, CALM], ["GuestStuck", "GuestRecovered"], id="stuck and free again"),
        pytest.param([STUCK, OFF], ["GuestStuck"], id="stuck and switched off"),
        pytest.param([stay(A, Reason.UNRESPONSIVE)] * 2, ["GuestUnresponsive"], id="unresponsive"),
        pytest.param(
            [stay(A, Reason.UNRESPONSIVE), CALM],
            ["GuestUnresponsive", "GuestRecovered"],
            id="unresponsive and back",
        ),
        pytest.param([stay(A, Reason.READ_INCOMPLETE)] * 9, [], id="a reading missed"),
        pytest.param([FULL] * 5, [], id="starved for a few cycles"),
        pytest.param([FULL] * 20, ["GuestStarved"], id="starved for long, the host full"),
        pytest.param([FULL, FULL, CALM] * 4, ["GuestStarved"], id="starved with blinks"),
        pytest.param([FULL, CALM, CALM, CALM] * 9, [], id="starved now and then"),
        pytest.param(
            [FULL] * 6 + [CALM] * 3, ["GuestStarved", "GuestRecovered"], id="starved and not any more"
        ),
        pytest.param([FULL] * 4 + [resize(A, GIB, Reason.STARVED)] + [FULL] * 4, [], id="starved and helped"),
        pytest.param(
            [stay(A, Reason.HOST_FULL, starved=Starvation.ALERTED)] * 20, [], id="an alert asks for more"
        ),
        pytest.param([stay(A, Reason.NO_POLICY, None, Starvation.FAULTING)] * 20, [], id="nobody's guest"),
    ],
)
def test_an_event_is_what_a_person_would_look_for(decisions: list[Decision], expected: list[str]) -> None:
    assert reasons(*cycles(*decisions)) == expected


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        pytest.param([GIB, 300 * MIB, 300 * MIB], [], id="pressure alone"),
        pytest.param([GIB, 100 * MIB, 100 * MIB], ["HostCritical"], id="critical, told once"),
        pytest.param([100 * MIB, 300 * MIB, 100 * MIB], ["HostCritical"], id="in and out of critical"),
        pytest.param([100 * MIB, GIB, GIB], ["HostCritical", "HostRecovered"], id="critical and past"),
    ],
)
def test_a_critical_host_is_told_until_it_is_not_short_at_all(
    available: list[int], expected: list[str]
) -> None:
    beats = [
        report(CALM, at=NOW + HOLD / 2 * number, available=each) for number, each in enumerate(available)
    ]

    assert reasons(*beats, *([] if available[-1] < GIB else [report(CALM, at=NOW + 3 * HOLD)])) == expected


def test_libvirt_away_is_told_once_and_so_is_its_return() -> None:
    events = told([report(CALM), lost("no socket"), lost("no socket"), report(CALM, at=NOW + 9)])

    assert [(each.reason, each.message, each.recovery_of) for each in events] == [
        ("HypervisorUnreachable", "libvirt cannot be reached: no socket", ""),
        ("HypervisorConnected", "libvirt answers again", "HypervisorUnreachable"),
    ]


def test_what_is_not_seen_while_libvirt_is_away_is_neither_new_nor_over() -> None:
    assert reasons(report(STUCK), lost(at=NOW + 2), report(STUCK, at=NOW + 4)) == [
        "GuestStuck",
        "HypervisorUnreachable",
        "HypervisorConnected",
    ]


def test_each_guest_has_its_own_troubles() -> None:
    other = stay(guest("b"), Reason.STUCK)

    events = told([report(STUCK, at=NOW), report(STUCK, other, at=NOW + 2)])

    assert [each.subject for each in events] == ["uuid-a", "uuid-b"]


def test_a_guest_that_is_gone_has_not_recovered() -> None:
    assert reasons(report(STUCK), report()) == ["GuestStuck"]


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        pytest.param(
            STUCK,
            "guest a: the guest does not follow its target and is left out for a "
            "while (has 512Mi, target 256Mi, maximum 1Gi)",
            id="stuck",
        ),
        pytest.param(
            FULL,
            "guest a is starved and given nothing: the guest should grow, but the host has nothing left "
            "to grant (has 512Mi, target 512Mi, maximum 1Gi)",
            id="host full",
        ),
        pytest.param(
            stay(guest("a"), Reason.SETTLED, starved=Starvation.EXHAUSTED),
            "guest a is starved and given nothing: it has its maximum already (has 1Gi, target 1Gi, "
            "maximum 1Gi)",
            id="at its maximum",
        ),
    ],
)
def test_a_message_says_what_and_why(decision: Decision, message: str) -> None:
    assert told(cycles(*[decision] * 9))[0].message == message


@pytest.mark.parametrize("text", [HOSTILE, "x" * 99_999])
def test_messages_are_bounded_and_printable(text: str) -> None:
    named = stay(replace(A, name=text), Reason.STUCK)

    for event in told([report(named), report(CALM), lost(text)]):
        assert event.message.isprintable()
        assert len(event.message) <= 1024


def test_a_long_name_leaves_room_for_what_is_said_of_the_guest() -> None:
    (event,) = told([report(stay(replace(A, name="x" * 9999), Reason.STUCK))])

    assert event.message.endswith("maximum 1Gi)")

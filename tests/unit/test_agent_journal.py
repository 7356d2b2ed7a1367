"""The agent's log: one line for what changed, none for what did not."""

from dataclasses import replace

import pytest

from agent_parts import FakeHypervisor, cycle, hypervisor, page
from ballonet.decision import Plan, Stay
from ballonet.errors import HypervisorUnreachable, Refused
from ballonet.guest import Guest
from ballonet.history import History
from ballonet.policy import Mode, Reserves
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.cycle import Cycle
from ballonet_operator.journal import Journal
from ballonet_operator.report import Report
from worlds import NOW, guest, host, policy, sample, traits, view

FULL = host(available=100 * MIB, total=4 * GIB)
ROOMY = host(available=3 * GIB, total=4 * GIB)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO")
    return caplog


def written(lines: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages logged since the last look."""
    messages = [record.getMessage() for record in lines.records]
    lines.clear()
    return messages


def fields(lines: pytest.LogCaptureFixture, message: str) -> dict[str, object]:
    """Return the fields of the one line with this message."""
    (record,) = (record for record in lines.records if record.getMessage() == message)
    return record.__dict__


def report(one: Guest, reason: Reason, *, overcommitted: int = 0, pressed: bool = False) -> Report:
    """Return a report in which one guest is left alone for a reason."""
    decision = Stay(guest=one, policy="all", target=one.actual, reason=reason)
    plan = Plan(
        decisions=(decision,),
        history=History(),
        reserves={},
        in_force=Reserves(grow=0, reclaim=0, critical=0),
        available=0,
        pool=0,
        overcommitted=overcommitted,
        pressed=pressed,
    )
    return Report(number=1, at=0.0, duration=0.1, page=page(), view=view(one), plan=plan)


def test_a_move_is_one_line_and_its_cycle_another(lines: pytest.LogCaptureFixture) -> None:
    fake = hypervisor(guest("a"), guest("b"))
    first = cycle(fake, FULL).run_once()
    Journal().record(first)
    move = first.outcomes[0].decision
    shrunk = [record.__dict__ for record in lines.records if record.getMessage() == "guest shrunk"]
    assert [each["guest"] for each in shrunk] == ["a", "b"]
    assert (shrunk[0]["from"], shrunk[0]["to_bytes"], shrunk[0]["reason"]) == (
        "1Gi",
        move.target,
        "HostCritical",
    )
    assert shrunk[0]["need_bytes"] == move.terms.need
    assert shrunk[0]["usable_bytes"] == (GIB - 52 * MIB) // 2
    summary = fields(lines, "cycle")
    assert (summary["grown"], summary["shrunk"], summary["reasons"]) == (0, 2, ["HostCritical:2"])


def test_a_cycle_that_changes_nothing_is_silent(lines: pytest.LogCaptureFixture) -> None:
    journal, beat = Journal(), cycle(hypervisor(guest("a")), ROOMY)
    for _ in range(3):
        journal.record(beat.run_once())
    assert written(lines) == []


def refusing(fake: FakeHypervisor, causes: list[str]) -> Cycle:
    """Return a cycle whose resizes are refused for these causes in turn."""
    left = iter(causes)

    def trouble(call: str, _: str) -> None:
        if call == "set_memory" and (cause := next(left, "")):
            raise Refused("no", cause=cause)

    fake.trouble = trouble
    return cycle(fake, FULL)


def test_a_failure_that_repeats_is_said_once(lines: pytest.LogCaptureFixture) -> None:
    journal = Journal()
    beat = refusing(hypervisor(guest("a")), ["busy", "busy", "no_balloon_device"])
    said = []
    for _ in range(4):
        journal.record(beat.run_once())
        said.append(written(lines))
    assert said == [["guest not moved"], [], ["guest not moved"], ["guest shrunk", "cycle"]]


def test_a_lost_hypervisor_is_said_once_and_its_return_too(lines: pytest.LogCaptureFixture) -> None:
    fake, journal = hypervisor(guest("a")), Journal()
    beat = cycle(fake, ROOMY)
    down = iter([True, True, False])

    def trouble(_: str, __: str) -> None:
        if next(down, False):
            raise HypervisorUnreachable("connection refused")

    fake.trouble = trouble
    said = []
    for _ in range(3):
        journal.record(beat.run_once())
        said.append(written(lines))
    assert said == [["cycle ended early"], [], ["cycles complete again"]]


def test_a_size_that_somebody_set_is_said(lines: pytest.LogCaptureFixture) -> None:
    fake, journal, now = hypervisor(guest("a")), Journal(), [NOW]
    beat = cycle(fake, ROOMY, clock=lambda: now[0])
    journal.record(beat.run_once())
    now[0] += 4
    fake.guests["a"] = replace(
        fake.guests["a"], actual=512 * MIB, sample=sample(usable=300 * MIB, total=460 * MIB)
    )
    journal.record(beat.run_once())
    adopted = fields(lines, "size set by somebody else adopted")
    assert (adopted["guest"], adopted["size"]) == ("a", "512Mi")


def test_a_size_that_somebody_set_is_said_before_the_move_that_begins_there(
    lines: pytest.LogCaptureFixture,
) -> None:
    fake, journal, now = hypervisor(guest("a")), Journal(), [NOW]
    beat = cycle(fake, ROOMY, clock=lambda: now[0])
    journal.record(beat.run_once())
    now[0] += 4
    fake.guests["a"] = replace(
        fake.guests["a"], actual=512 * MIB, sample=sample(usable=MIB, total=460 * MIB, timestamp=now[0])
    )
    journal.record(beat.run_once())
    assert written(lines) == ["size set by somebody else adopted", "guest grown", "cycle"]


def test_a_period_that_was_set_is_said(lines: pytest.LogCaptureFixture) -> None:
    fake = hypervisor(guest("a", traits=traits(statistics_period=0)))
    Journal().record(cycle(fake, ROOMY).run_once())
    assert fields(lines, "statistics period set")["guest"] == "a"


def test_trouble_is_said_when_it_begins_when_it_changes_and_when_it_ends(
    lines: pytest.LogCaptureFixture,
) -> None:
    journal, said = Journal(), []
    for reason in (Reason.SETTLED, Reason.STUCK, Reason.STUCK, Reason.UNRESPONSIVE, Reason.SETTLED):
        journal.record(report(guest("a"), reason))
        said.append(written(lines))
    assert said == [[], ["guest in trouble"], [], ["guest in trouble"], ["guest out of trouble"]]


def test_a_guest_that_is_gone_is_not_out_of_trouble(lines: pytest.LogCaptureFixture) -> None:
    journal = Journal()
    journal.record(report(guest("a"), Reason.STUCK))
    written(lines)
    journal.record(report(guest("b"), Reason.SETTLED))
    assert written(lines) == []


def test_conditions_of_the_host_are_said_when_they_begin_and_end(lines: pytest.LogCaptureFixture) -> None:
    journal, said = Journal(), []
    for pressed, lacking in ((False, 0), (True, 0), (True, GIB), (False, 0)):
        journal.record(report(guest("a"), Reason.SETTLED, pressed=pressed, overcommitted=lacking))
        said.append(written(lines))
    assert said == [
        [],
        ["host under pressure"],
        ["guests need more than the host has"],
        ["no longer: host under pressure", "no longer: guests need more than the host has"],
    ]


def test_a_proposal_is_said_once_while_it_hardly_changes(lines: pytest.LogCaptureFixture) -> None:
    fake, journal = hypervisor(guest("a")), Journal()
    beat, said = cycle(fake, FULL, [policy(mode=Mode.OBSERVE)]), []
    for _ in range(2):
        journal.record(beat.run_once())
        said.append(written(lines).count("guest would be moved"))
    assert said == [1, 0]

"""One cycle of the agent: what it asks of libvirt, and what it remembers when libvirt does not do it."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from agent_parts import FakeHypervisor, actor, cycle, hypervisor
from ballonet.errors import BallonetError, DeadlineExceeded, GuestGone, HypervisorUnreachable, Refused
from ballonet.guest import Guest, Hold, Overrides
from ballonet.host import Host
from ballonet.policy import Mode, Policy, Selector
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.report import Report, Result
from worlds import decide, guest, host, policy, traits, view

FULL = host(available=100 * MIB, total=4 * GIB)
"""A host below its reserve, where guests with memory to spare shrink."""


def raising(
    call: str, error: BallonetError, *, guest: str | None = None, times: int = 1
) -> Callable[[str, str], None]:
    """Return a trouble that raises at the first so many calls of a kind."""
    left = count(times, -1)

    def trouble(made: str, name: str) -> None:
        if made == call and guest in (None, name) and next(left) > 0:
            raise error

    return trouble


def results(report: Report) -> dict[str, Result]:
    return {outcome.decision.guest.name: outcome.result for outcome in report.outcomes}


def calls(fake: FakeHypervisor, kind: str = "set_memory") -> list[str]:
    return [name for call, name, _ in fake.calls if call == kind]


def test_guests_shrink_where_the_host_is_low_and_their_new_size_is_remembered() -> None:
    fake = hypervisor(guest("a"), guest("b"))
    beat = cycle(fake, FULL)
    first, second = beat.run_once(), beat.run_once()
    assert results(first) == {"a": Result.DONE, "b": Result.DONE}
    assert {move.reason for move in first.moves()} == {Reason.HOST_CRITICAL}
    assert {one.name: size for one, size in second.targets()} == fake.sizes()
    assert second.plan is not None
    assert second.plan.adopted == ()
    assert [first.number, second.number] == [1, 2]


@pytest.mark.parametrize(
    ("error", "result", "cause"),
    [
        (Refused("no", cause="no_balloon_device"), Result.REFUSED, "no_balloon_device"),
        (GuestGone("gone"), Result.GONE, ""),
        (DeadlineExceeded("slow"), Result.DEADLINE, "deadline"),
    ],
    ids=["refused", "gone", "deadline"],
)
def test_what_one_guest_meets_does_not_touch_the_others(
    error: BallonetError, result: Result, cause: str
) -> None:
    fake = hypervisor(guest("a"), guest("b"))
    fake.trouble = raising("set_memory", error, guest="a")
    beat = cycle(fake, FULL)
    report = beat.run_once()
    assert results(report) == {"a": result, "b": Result.DONE}
    assert [each.cause for each in report.outcomes if each.decision.guest.name == "a"] == [cause]
    assert report.lost == ""


def test_what_was_not_set_is_not_remembered_and_decided_anew() -> None:
    fake = hypervisor(guest("a"))
    fake.trouble = raising("set_memory", Refused("no", cause="busy"))
    beat = cycle(fake, FULL)
    refused = beat.run_once()
    assert [size for _, size in refused.targets()] == [GIB]
    again = beat.run_once()
    assert [size for _, size in again.targets()] == [fake.guests["a"].actual]
    assert [size for _, _, size in fake.calls] == [refused.outcomes[0].decision.target] * 2


def test_a_lost_hypervisor_ends_the_cycle_and_the_next_one_starts_afresh() -> None:
    fake = hypervisor(guest("a"))
    fake.trouble = raising("read", HypervisorUnreachable("connection refused"))
    beat = cycle(fake, FULL)
    lost, found = beat.run_once(), beat.run_once()
    assert (lost.lost, lost.decisions, fake.calls[:0]) == ("connection refused", (), [])
    assert (found.lost, results(found)) == ("", {"a": Result.DONE})


def test_a_hypervisor_that_is_lost_between_two_guests_keeps_what_was_done() -> None:
    fake = hypervisor(*(guest(name) for name in "abc"))
    fake.trouble = raising("set_memory", HypervisorUnreachable("connection reset"), guest="b")
    beat = cycle(fake, FULL)
    report = beat.run_once()
    assert results(report) == {"a": Result.DONE, "b": Result.UNREACHABLE, "c": Result.UNREACHABLE}
    assert calls(fake) == ["a", "b"]
    assert report.lost == "connection reset"
    targets = {one.name: size for one, size in report.targets()}
    assert targets == fake.sizes()


def test_a_host_whose_memory_cannot_be_read_ends_the_cycle() -> None:
    def unreadable() -> Host:
        raise HypervisorUnreachable("cannot read /proc/meminfo")

    fake = hypervisor(guest("a"))
    beat = cycle(fake, FULL)
    beat._observer._host = unreadable
    assert (beat.run_once().lost, fake.calls) == ("cannot read /proc/meminfo", [])


def test_the_neediest_guest_is_set_first() -> None:
    starved = guest("z", actual=512 * MIB, usable=0)
    idle = guest("a", usable=900 * MIB)
    plan = decide(view(starved, idle, available=700 * MIB, total=4 * GIB))
    fake = hypervisor(starved, idle)
    reasons = [outcome.decision.reason for outcome in actor(fake).resize(plan)]
    assert calls(fake)[0] == "z"
    assert reasons[0] is Reason.STARVED
    assert len(reasons) == 2


def test_calls_that_take_too_long_together_leave_the_rest_to_the_next_cycle() -> None:
    def seconds() -> Iterator[float]:
        yield 0.0  # The cycle's calls may take until 2.
        yield from (0.5, 1.9, 2.0, 2.1)

    guests = [guest(name) for name in "abcd"]
    fake, clock = hypervisor(*guests), seconds()
    plan = decide(view(*guests, available=100 * MIB, total=4 * GIB))
    outcomes = list(actor(fake, clock=lambda: next(clock)).resize(plan))
    assert [each.result for each in outcomes] == [Result.DONE, Result.DONE, Result.LATE, Result.LATE]
    assert calls(fake) == ["a", "b"]


def test_a_dry_run_calls_nothing_and_proposes() -> None:
    fake = hypervisor(guest("a"), guest("b", traits=traits(statistics_period=0)))
    report = cycle(fake, FULL, dry_run=True).run_once()
    assert fake.calls == []
    assert results(report) == {"a": Result.DRY_RUN}
    assert {one.name: size for one, size in report.targets()} == {"a": GIB, "b": GIB}
    assert [(each.guest.name, size < GIB) for each, size in report.proposals()] == [("a", True)]


def test_an_observing_policy_proposes_and_calls_nothing() -> None:
    fake = hypervisor(guest("a"))
    report = cycle(fake, FULL, [policy(mode=Mode.OBSERVE)]).run_once()
    assert fake.calls == []
    assert [size < GIB for _, size in report.proposals()] == [True]


SILENT = traits(statistics_period=0)
HELD = Hold(until=4e9)


@pytest.mark.parametrize(
    ("one", "owner", "expected"),
    [
        pytest.param(guest("a", traits=SILENT), policy(), ["a"], id="silent"),
        pytest.param(guest("a", traits=SILENT, sample=None), policy(), ["a"], id="never reported"),
        pytest.param(guest("a"), policy(), [], id="reports already"),
        pytest.param(
            guest("a", traits=traits(statistics_period=0, overrides=Overrides(hold=HELD))),
            policy(),
            [],
            id="held",
        ),
        pytest.param(
            guest("a", traits=traits(statistics_period=0, overrides=Overrides(exempt=True))),
            policy(),
            [],
            id="exempt",
        ),
        pytest.param(guest("a", traits=SILENT), policy(mode=Mode.OBSERVE), [], id="observed"),
        pytest.param(guest("a", traits=SILENT), policy(mode=Mode.FREEZE), [], id="frozen by policy"),
        pytest.param(guest("a", traits=SILENT), policy(guests=Selector(names=("b",))), [], id="nobody's"),
        pytest.param(
            guest("a", traits=traits(statistics_period=0, balloon_model="none")), policy(), [], id="no device"
        ),
        pytest.param(guest("a", traits=None), policy(), [], id="unknown"),
    ],
)
def test_a_silent_guest_of_an_enforcing_policy_is_asked_to_report(
    one: Guest, owner: Policy, expected: list[str]
) -> None:
    fake = hypervisor(one)
    cycle(fake, FULL, [owner]).run_once()
    assert calls(fake, "set_statistics_period") == calls(fake, "reread") == expected
    assert calls(fake) in ([], ["a"])


def test_a_guest_that_refuses_to_report_is_asked_once_a_minute() -> None:
    fake = hypervisor(guest("a", traits=SILENT))
    fake.trouble = raising("set_statistics_period", Refused("no", cause="unsupported"), times=9)
    plan, now = decide(view(guest("a", traits=SILENT))), [0.0]
    acting = actor(fake, clock=lambda: now[0])
    for moment in (0.0, 2.0, 59.0, 61.0):
        now[0] = moment
        list(acting.wake(plan, frozenset({"all"})))
    assert calls(fake, "set_statistics_period") == ["a", "a"]


def test_a_policy_of_another_host_is_not_in_force() -> None:
    fake = hypervisor(guest("a"))
    elsewhere = policy(hosts=Selector(names=("kvm-2",)))
    report = cycle(fake, FULL, [elsewhere]).run_once()
    assert [(each.policy, each.reason) for each in report.decisions] == [(None, Reason.NO_POLICY)]


def test_releasing_lets_managed_guests_grow_back_as_far_as_the_host_can_spare() -> None:
    fake = hypervisor(guest("a"), guest("b"))
    beat = cycle(fake, FULL)
    beat.run_once()
    shrunk = fake.sizes()
    beat._observer._host = lambda: host(available=3 * GIB, total=4 * GIB)
    report = beat.run_once(releasing=True)
    assert {move.reason for move in report.moves()} == {Reason.POLICY_REMOVED}
    assert all((fake.sizes()[name] or 0) > (size or 0) for name, size in shrunk.items())

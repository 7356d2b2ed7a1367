"""Cycles before it is known which policy owns which guest, and when the host's labels change."""

from agent_parts import cycle, hypervisor, page
from ballonet.policy import Labels, Policy, Requirement, Selector
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.book import Page
from worlds import guest, host

FULL = host(available=100 * MIB, total=4 * GIB)


def test_nothing_is_decided_before_the_policies_are_known() -> None:
    fake = hypervisor(guest("a", actual=512 * MIB, usable=400 * MIB))
    pages = [page(Policy(name="all")), Page(waiting="the policies"), Page()]
    beat = cycle(fake, FULL, look=lambda: pages[0])
    beat.run_once()
    owned = fake.sizes()
    pages.pop(0)
    waiting = beat.run_once()
    assert (waiting.waiting, waiting.decisions, waiting.view is not None) == ("the policies", (), True)
    assert fake.sizes() == owned
    pages.pop(0)
    assert [each.reason for each in beat.run_once().decisions] == [Reason.POLICY_REMOVED]


def test_memory_can_be_released_before_the_policies_are_known() -> None:
    fake = hypervisor(guest("a"))
    report = cycle(fake, FULL, look=lambda: Page(waiting="the policies")).run_once(releasing=True)
    assert (report.waiting, len(report.decisions)) == ("", 1)


def test_labels_that_change_count_from_the_next_cycle_on() -> None:
    labels: list[Labels] = [(("zone", "south"),)]
    north = Selector(requirements=(Requirement(key="zone", operator="In", values=("north",)),))
    beat = cycle(hypervisor(guest("a")), FULL, [Policy(name="all", hosts=north)], labels=lambda: labels[0])
    assert [each.policy for each in beat.run_once().decisions] == [None]
    labels[0] = (("zone", "north"),)
    assert [each.policy for each in beat.run_once().decisions] == ["all"]

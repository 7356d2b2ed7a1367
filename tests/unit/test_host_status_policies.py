"""The policies of one host, as its agent tells of them."""

from dataclasses import replace

import pytest

from agent_parts import page
from ballonet.decision import Decision
from ballonet.guest import Guest, State
from ballonet.manifests.v1alpha1_host import (
    LONGEST_ERROR,
    MOST_OVERRULING_HERE,
    MOST_POLICIES,
    ObservedPolicy,
)
from ballonet.policy import Policy, Requirement, Selector
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.book import Page
from ballonet_operator.node.observed_policies import observed_policies
from host_reports import stay
from worlds import guest, policy

DISK = (("disk", "ssd"),)


def told(written: Page, *decisions: Decision) -> dict[str, ObservedPolicy]:
    return {each.name: each for each in observed_policies(written, decisions, "kvm-1", DISK)[0]}


def of(owner: str, one: Guest, reason: Reason = Reason.SETTLED) -> Decision:
    return stay(one, reason, owner)


def labelled(value: str) -> Selector:
    return Selector(requirements=(Requirement(key="disk", operator="In", values=(value,)),))


@pytest.mark.parametrize(
    ("hosts", "shown"),
    [
        pytest.param(Selector(), True, id="every host"),
        pytest.param(Selector(names=("kvm-*",)), True, id="by name"),
        pytest.param(Selector(names=("web-*",)), False, id="another name"),
        pytest.param(labelled("ssd"), True, id="by label"),
        pytest.param(labelled("hdd"), False, id="another label"),
    ],
)
def test_only_policies_of_this_host_are_told(hosts: Selector, *, shown: bool) -> None:
    assert bool(told(page(policy(hosts=hosts)))) is shown


def test_a_policys_guests_are_counted_and_what_they_gave() -> None:
    found = told(
        page(policy("all")),
        of("all", guest("a", actual=GIB - 100 * MIB)),
        of("all", guest("b", actual=GIB - 50 * MIB), Reason.STUCK),
        of("all", guest("c"), Reason.STATISTICS_STALE),
        of("all", guest("d"), Reason.HUGEPAGES),
        of("all", Guest(uuid="e", name="e", state=State.SHUT_OFF, maximum=GIB), Reason.NOT_RUNNING),
    )["all"]

    assert found.guests.model_dump() == {
        "selected": 4,
        "owned": 4,
        "shrunk": 2,
        "starved": 0,
        "stuck": 1,
        "stale": 1,
        "ineligible": 1,
    }
    assert found.reclaimed == "150Mi"
    assert found.overruled_by == ()


def test_who_owns_guests_that_a_policy_selects_overrules_it() -> None:
    web, none = Selector(names=("web-*",)), Selector(names=("db-*",))
    found = told(
        page(policy("all"), policy("web", priority=10, guests=web), policy("db", guests=none)),
        of("web", guest("web-1")),
        of("web", guest("web-2")),
        of("all", guest("mail")),
    )

    overruled = {key: [(each.policy, each.guests) for each in one.overruled_by] for key, one in found.items()}
    assert overruled == {"all": [("web", 2)], "web": [], "db": []}
    assert (found["all"].guests.selected, found["all"].guests.owned) == (3, 1)
    assert (found["web"].guests.selected, found["db"].guests.selected) == (2, 0)


def test_of_many_that_overrule_the_greatest_are_told() -> None:
    owners = [f"p{number:02}" for number in range(MOST_OVERRULING_HERE + 2)]
    guests = [
        of(owner, guest(f"{owner}-{copy}")) for owner in owners for copy in range(1 + (owner == owners[-1]))
    ]

    found = told(page(policy("all")), *guests)["all"]

    assert len(found.overruled_by) == MOST_OVERRULING_HERE
    assert (found.overruled_by[0].policy, found.overruled_by[0].guests) == (owners[-1], 2)


def test_the_generation_in_force_is_told_and_why_a_newer_one_is_not() -> None:
    written = page(policy("all"), policy("fine"))
    entries = {key: replace(each, generation=7) for key, each in written.entries.items()}

    found = told(Page(entries=entries, refused={"all": ("spec.pace: is\x00 wrong", "spec.mode: too")}))

    assert (found["all"].generation, found["all"].error) == (7, "spec.pace: is? wrong; spec.mode: too")
    assert (found["fine"].generation, found["fine"].error) == (7, "")


def test_a_policy_that_was_never_good_is_told_without_a_generation() -> None:
    found = told(Page(refused={"new": ("spec.mode: no such mode",)}))

    assert (found["new"].generation, found["new"].error) == (0, "spec.mode: no such mode")


def test_a_policy_that_does_not_select_this_host_is_not_told_because_a_newer_one_is_refused() -> None:
    elsewhere = page(policy("all", hosts=Selector(names=("web-*",))))

    assert told(replace(elsewhere, refused={"all": ("wrong",)})) == {}


def test_of_too_many_those_that_own_guests_or_are_refused_are_told_in_the_order_of_names() -> None:
    crowd = [Policy(name=f"p{number:03}") for number in range(MOST_POLICIES + 10)]
    written = replace(page(*crowd), refused={"zz": ("wrong",)})

    found = list(told(written, of("p265", guest())))

    assert len(found) == MOST_POLICIES
    assert found == sorted(found)
    assert {"p265", "zz", "p000"} <= set(found)
    assert observed_policies(written, [], "kvm-1", DISK)[1] == 11


def test_names_and_errors_are_bounded() -> None:
    ((found,), _) = observed_policies(Page(refused={"n" * 999: ("e" * 9999,)}), [], "kvm-1", ())

    assert (len(found.name), len(found.error)) == (253, LONGEST_ERROR)

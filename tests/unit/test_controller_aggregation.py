"""What becomes of a policy's status, by what its hosts tell: in tables."""

from typing import Any

import pytest

from ballonet.apiserver import Json
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE, PolicyStatus
from ballonet.quantity import format_size
from ballonet_operator.controller.aggregation import statuses
from ballonet_operator.controller.tally import Standing
from controller_parts import (
    NOON,
    UNUSABLE,
    UNUSABLE_BECAUSE,
    facts,
    host_object,
    observed,
    overruling,
    standing,
)

NO_HOSTS_WHY = "no BalloonHost is selected: look at spec.hosts, and whether agents run there"
NO_HOSTS = ("False", "NoHosts", NO_HOSTS_WHY)
LABELLED: Json = {"hosts": {"selector": {"matchLabels": {"tier": "web"}}}}


def status(*hosts: Standing, name: str = "web", now: float = NOON, **fields: Any) -> PolicyStatus:
    """Return the status of one policy."""
    return statuses([facts(name, **fields)], hosts, now=now)[name]


def said(found: PolicyStatus, kind: str = "Ready") -> tuple[str, str, str]:
    """Return status, reason and message of a condition."""
    (condition,) = (each for each in found.conditions if each.type == kind)
    return str(condition.status), condition.reason, condition.message


def hosts(count: int, *told: Json, connected: str | None = "True") -> list[Standing]:
    return [standing(host_object(f"kvm-{number}", *told, connected=connected)) for number in range(count)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            status(*hosts(1, observed())), ("True", "InForce", "in force on its one host"), id="one"
        ),
        pytest.param(status(*hosts(3, observed())), ("True", "InForce", "in force on all 3 hosts"), id="all"),
        pytest.param(status(), NO_HOSTS, id="no host anywhere"),
        pytest.param(status(*hosts(2, observed()), spec=LABELLED), NO_HOSTS, id="no host with its labels"),
        pytest.param(
            status(*hosts(1, observed()), standing(host_object("new", connected=None))),
            ("False", "HostsBehind", "generation 1 is not in force on 1 of 2 hosts: new"),
            id="an agent that wrote nothing yet",
        ),
        pytest.param(
            status(*hosts(5, observed(generation=1)), generation=2),
            (
                "False",
                "HostsBehind",
                "generation 2 is not in force on 5 of 5 hosts: kvm-0, kvm-1, kvm-2 and 2 more",
            ),
            id="a new generation",
        ),
        pytest.param(
            status(*hosts(2, observed(generation=1, error="spec.pace: unknown")), generation=2),
            (
                "False",
                "HostsBehind",
                "generation 2 is not in force on 2 of 2 hosts: kvm-0, kvm-1; kvm-0 says: spec.pace: unknown",
            ),
            id="an agent that refuses it",
        ),
        pytest.param(
            status(*hosts(2, observed(), connected="False")),
            (
                "False",
                "HostsUnhealthy",
                "in force, but 2 of 2 hosts cannot reach the hypervisor: kvm-0, kvm-1",
            ),
            id="libvirt away",
        ),
        pytest.param(
            status(*hosts(1, observed(), connected="False"), standing(host_object("behind"))),
            ("False", "HostsBehind", "generation 1 is not in force on 1 of 2 hosts: behind"),
            id="behind counts before ill",
        ),
        pytest.param(
            status(*hosts(1, observed()), standing(host_object("full", policiesOmitted=1))),
            ("Unknown", "HostsUnknown", "1 of 2 hosts cannot tell, having more than 256 policies: full"),
            id="a host with too many policies to tell of this one",
        ),
        pytest.param(
            status(standing(host_object("full", observed(), policiesOmitted=1))),
            ("True", "InForce", "in force on its one host"),
            id="a host with too many policies that tells of this one",
        ),
        pytest.param(
            status(
                standing(host_object("full", policiesOmitted=1)),
                standing(host_object("late", observed(generation=0), policiesOmitted=1)),
            ),
            ("False", "HostsBehind", "generation 1 is not in force on 1 of 2 hosts: late"),
            id="behind counts before unknown",
        ),
        pytest.param(
            status(spec=UNUSABLE),
            ("False", "NotAccepted", "generation 1 cannot be used, see Accepted: it is in force nowhere"),
            id="never good",
        ),
        pytest.param(
            status(*hosts(2, observed(generation=0, error="no")), spec=UNUSABLE),
            ("False", "NotAccepted", "generation 1 cannot be used, see Accepted: it is in force nowhere"),
            id="never good, and agents say so",
        ),
        pytest.param(
            status(*hosts(2, observed(generation=1)), spec=UNUSABLE, generation=2),
            (
                "False",
                "NotAccepted",
                "generation 2 cannot be used, see Accepted: an earlier one stays in force on 2 hosts",
            ),
            id="good before",
        ),
    ],
)
def test_ready(found: PolicyStatus, expected: tuple[str, str, str]) -> None:
    assert said(found) == expected


def test_accepted_says_what_the_policy_file_loader_says() -> None:
    assert said(status(), "Accepted") == ("True", "Accepted", "it can be used")
    assert said(status(spec=UNUSABLE), "Accepted") == ("False", "Invalid", UNUSABLE_BECAUSE)


def test_everything_is_said_of_one_generation() -> None:
    found = status(generation=7)
    assert found.observed_generation == 7
    assert {each.observed_generation for each in found.conditions} == {7}


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        pytest.param({}, 3, id="all"),
        pytest.param({"hosts": {"names": ["kvm-*"]}}, 2, id="names"),
        pytest.param(LABELLED, 1, id="labels of the node"),
        pytest.param(
            {"hosts": {"selector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}},
            1,
            id="a host without a node has no labels",
        ),
    ],
)
def test_hosts_are_selected_by_name_and_node(spec: Json, meant: int) -> None:
    found = status(
        standing(host_object("kvm-1"), tier="web"),
        standing(host_object("kvm-2"), tier="batch"),
        Standing(host=standing(host_object("homeless")).host),
        spec=spec,
    )
    assert (found.hosts, found.hosts_in_force) == (meant, 0)


def test_guests_and_bytes_are_summed_over_all_hosts() -> None:
    one = observed(guests={"selected": 9, "owned": 5, "shrunk": 2, "stuck": 1}, reclaimed="1.5Gi")
    two = observed(guests={"selected": 1, "owned": 1}, reclaimed="512Mi")
    found = status(standing(host_object("a", one)), standing(host_object("b", two)))
    assert (found.hosts, found.hosts_in_force, found.reclaimed) == (2, 2, "2Gi")
    counts = found.guests.model_dump()
    assert counts == {
        "selected": 10, "owned": 6, "shrunk": 2, "starved": 0, "stuck": 1, "stale": 0, "ineligible": 0,
    }  # fmt: skip


def test_what_a_host_tells_of_a_policy_that_does_not_select_it_counts_nowhere() -> None:
    claim = observed(guests={"selected": 9, "owned": 9}, reclaimed="1Gi", overruledBy=overruling(all=9))
    found = status(*hosts(1, claim), spec=LABELLED)
    assert (found.guests.owned, found.guests.selected, found.reclaimed, found.overruled_by) == (0, 0, "0", ())


def test_guests_are_counted_where_the_policy_goes_on_in_an_earlier_version() -> None:
    found = status(*hosts(2, observed(guests={"owned": 3})), generation=2, spec=UNUSABLE)
    assert (found.hosts, found.hosts_in_force, found.guests.owned) == (2, 0, 6)


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        pytest.param({"spec": {"priority": 5}}, ", which has a higher priority", id="priority"),
        pytest.param({"created": "2025-01-31T12:00:00Z"}, ", which is older", id="age"),
        pytest.param({}, ", whose name comes first", id="name"),
        pytest.param({"spec": {"priority": -5}}, "", id="the host goes by an earlier version"),
    ],
)
def test_the_loser_says_who_owns_its_guests_and_why(owner: Json, why: str) -> None:
    told = observed("web", guests={"selected": 10, "owned": 7}, overruledBy=overruling(all=3))
    policies = [facts("web"), facts("all", **owner)]
    found = statuses(policies, [standing(host_object("kvm-1", told, observed("all")))], now=NOON)
    sentence = f"in force on its one host; 3 of its 10 guests are owned by all{why}"
    assert said(found["web"]) == ("True", "InForce", sentence)
    assert [each.model_dump() for each in found["web"].overruled_by] == [{"policy": "all", "guests": 3}]
    assert said(found["all"])[2] == "in force on its one host"


def test_an_owner_that_is_deleted_is_named_all_the_same() -> None:
    told = observed(guests={"selected": 2}, overruledBy=overruling(gone=1))
    assert said(status(*hosts(1, told)))[2].endswith("; 1 of its 2 guests is owned by gone")


def test_of_many_owners_those_of_the_most_guests_are_named() -> None:
    owners = {f"p{number:02}": number for number in range(1, 21)}
    told = observed(guests={"selected": 300}, overruledBy=overruling(**owners))
    found = status(*hosts(1, told))
    assert [each.guests for each in found.overruled_by] == list(range(20, 4, -1))
    assert said(found)[2].endswith(
        "; 20 of its 300 guests are owned by p20; 19 of its 300 guests are owned by p19; "
        "18 of its 300 guests are owned by p18; others are owned by 17 more policies"
    )


def test_times_are_carried_from_the_status_as_last_seen() -> None:
    before = status(*hosts(1, observed()))
    seen = before.document()
    found = status(*hosts(2, observed()), now=NOON + 60, status=seen)
    assert [each.last_transition_time for each in found.conditions] == ["2027-01-15T08:00:00Z"] * 2
    later = status(now=NOON + 60, status=seen)
    assert [each.last_transition_time for each in later.conditions] == [
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:01:00Z",
    ]


def test_a_message_fits_into_the_status_whatever_its_names_are() -> None:
    long = [standing(host_object("h" * 250 + str(number), observed(error="e" * 1024))) for number in range(9)]
    found = status(*long, generation=2)
    assert len(said(found)[2]) <= LONGEST_MESSAGE
    assert PolicyStatus.model_validate(found.document()) == found


def test_bytes_that_nobody_can_read_count_as_none() -> None:
    found = status(*hosts(1, observed(reclaimed="lots", guests={"owned": -4})))
    assert (found.reclaimed, found.guests.owned) == (format_size(0), 0)


def test_what_an_agent_says_moves_no_cursor() -> None:
    found = status(*hosts(1, observed(error="no\x1b[2J\nway")), generation=2)
    assert said(found)[2].endswith("; kvm-0 says: no?[2J way")

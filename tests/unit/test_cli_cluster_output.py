"""What is shown of the hosts and policies in Kubernetes, compared with golden files made from a fixed few."""

from collections.abc import Mapping, Sequence
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from ballonet.manifests.conditions import condition
from ballonet.manifests.manifest import parse_document
from ballonet.manifests.v1alpha1_host import GuestDetail, HostStatus, ObservedPolicy
from ballonet.manifests.v1alpha1_status import Overruling
from ballonet_cli.cluster import keys
from ballonet_cli.cluster.cells import age, size
from ballonet_cli.cluster.documents import host_document, policy_document
from ballonet_cli.cluster.host_card import detail_table, host_card, observed_table
from ballonet_cli.cluster.host_table import host_table
from ballonet_cli.cluster.objects import (
    FoundHost,
    FoundPolicy,
    found_host,
    found_hosts,
    found_policies,
    found_policy,
    moment,
    size_of,
)
from ballonet_cli.cluster.policy_table import policy_table
from ballonet_cli.documents import Value, render
from ballonet_cli.policies.check import Checked, check_document, distinct
from ballonet_cli.policies.fortune import fortune
from ballonet_cli.tables import show
from golden import check
from herd import HOSTILE
from kubernetes_objects import host, policy, policy_status, some_hosts, some_policies, troubled_status
from worlds import NOW


def printed(table: Table, width: int = 1000, *, colours: bool = False) -> str:
    file = StringIO()
    show(table, Console(file=file, width=width, force_terminal=colours))
    return file.getvalue()


def text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def hosts() -> list[FoundHost]:
    return found_hosts(some_hosts())


def policies() -> list[FoundPolicy]:
    return found_policies(some_policies())


def test_hosts_are_a_line_each_by_name() -> None:
    check("cli-hosts.txt", printed(host_table(hosts(), NOW)))


def test_hosts_wide_tells_the_rest() -> None:
    check("cli-hosts-wide.txt", printed(host_table(hosts(), NOW, wide=True)))


def test_a_host_is_a_card_with_its_conditions_guests_and_policies() -> None:
    cards = [text(host_card(each, NOW)) for each in hosts()]
    troubled = troubled_status()

    tables = [printed(detail_table(troubled.details)), printed(observed_table(troubled.observed_policies))]
    check("cli-host.txt", "\n".join([*cards, *tables]))


def test_policies_are_a_line_each_the_overruling_one_first() -> None:
    check("cli-policies.txt", printed(policy_table(policies(), NOW)))


def test_policies_wide_tell_who_overrules_them() -> None:
    check("cli-policies-wide.txt", printed(policy_table(policies(), NOW, wide=True)))


def test_what_became_of_each_policy_is_said_in_words() -> None:
    check("cli-policy-fortune.txt", "\n".join(text(fortune(each, NOW)) for each in policies()))


def test_hosts_and_policies_as_json_are_ascii_with_stable_keys() -> None:
    document = {
        "hosts": [host_document(each) for each in hosts()],
        "policies": [policy_document(each) for each in policies()],
    }

    check("cli-cluster.json.txt", render(document, "json") + "\n")


def test_what_is_not_as_it_should_be_is_coloured_on_a_terminal() -> None:
    shown = {
        line.split()[0].split("m")[-1]: line
        for line in printed(host_table(hosts(), NOW), colours=True).splitlines()
    }

    assert "\x1b[31mCritical" in shown["node-2"]
    assert "\x1b[33mOvercommitted" in shown["node-2"]
    assert "\x1b" not in shown["node-1"]


def test_a_narrow_terminal_cuts_lines_and_never_wraps_them() -> None:
    lines = printed(host_table(hosts(), NOW, wide=True), width=60).splitlines()

    assert len(lines) == len(some_hosts()) + 1
    assert max(map(len, lines)) <= 60


def test_names_and_messages_from_kubernetes_are_harmless() -> None:
    name = f"a{HOSTILE}"
    hostile = Overruling(policy=HOSTILE, guests=1)
    detail = GuestDetail(uuid="u", guest=HOSTILE, policy=HOSTILE, reason=HOSTILE, message=HOSTILE)
    observed = ObservedPolicy(name=HOSTILE, error=HOSTILE, overruled_by=(hostile,))
    said = condition("Settled", "Settled", HOSTILE, holds=True)
    status = HostStatus(version=HOSTILE, conditions=(said,))
    judged = found_policy(policy(name, status=policy_status(overruled_by=(hostile,))))
    lines = [
        *host_card(found_host(host(name, status)), NOW),
        *fortune(judged, NOW),
        printed(host_table([found_host(host(name, status))], NOW, wide=True)),
        printed(policy_table([judged], NOW, wide=True)),
        printed(detail_table([detail])),
        printed(observed_table([observed])),
        printed(host_table([found_host(host(name))], NOW)),
        printed(policy_table([found_policy(policy(name))], NOW)),
        printed(detail_table(troubled_status().details)),
    ]

    assert all(line.isprintable() for whole in lines for line in whole.splitlines())


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"metadata": None, "spec": None, "status": None}, id="nulls"),
        pytest.param({"metadata": [], "spec": [], "status": []}, id="lists"),
        pytest.param(
            {
                "metadata": {"name": 7, "generation": "x", "creationTimestamp": "soon"},
                "spec": {"priority": "x"},
            },
            id="other types",
        ),
        pytest.param({"spec": {"mode": ["Enforce"]}, "status": {"conditions": [{"type": 1}]}}, id="deeper"),
    ],
)
def test_an_object_that_cannot_be_read_is_shown_all_the_same(item: Mapping[str, object]) -> None:
    found, its_host = found_policy(item), found_host(item)

    assert found.mistakes
    assert printed(policy_table([found], NOW, wide=True)).count("\n") == 2
    assert printed(host_table([its_host], NOW, wide=True)).count("\n") == 2
    assert host_card(its_host, NOW)[1] == "  nothing reported yet, or nothing that this version can read"


def test_of_a_policy_that_was_changed_the_old_judgement_is_not_shown_as_its_own() -> None:
    changed = found_policy(policy("a", status=policy_status(generation=1), generation=2))
    judged = found_policy(policy("a", status=policy_status(generation=2), generation=2))

    assert "unknown  NotJudged" in printed(policy_table([changed], NOW))
    assert "yes    InForce" in printed(policy_table([judged], NOW))


@pytest.mark.parametrize(
    ("given", "shown"),
    [("1.5Gi", "1.5Gi"), ("1536Mi", "1.5Gi"), ("0", "0"), (None, "-"), ("much", "-"), ("1e3", "-")],
)
def test_sizes_of_a_status_are_shown_as_all_sizes_are(given: str | None, shown: str) -> None:
    assert size(given) == shown


def test_ages_are_in_their_largest_unit() -> None:
    assert [age(NOW - seconds, NOW) for seconds in (5, 3700, 2 * 86400 + 5000)] == ["5s", "1h", "2d"]
    assert age(0.0, NOW) == "-"


def test_what_is_no_moment_or_size_is_null_for_programs() -> None:
    assert moment("2027-01-15T08:00:00Z") == 1_800_000_000.0
    assert moment("2027-01-15T08:00:00") is None
    assert moment("soon") is None
    assert size_of("soon") is None


def paths(value: Value, prefix: str = "") -> set[str]:
    """Return the paths of a document as ``keys`` writes them, a condition's type as TYPE."""
    if isinstance(value, Mapping):
        found = set()
        for key, inner in value.items():
            name = "TYPE" if prefix.endswith("conditions.") else key
            found |= {f"{prefix}{name}"} - ({f"{prefix}{name}"} if isinstance(inner, list) else set())
            found |= paths(inner, f"{prefix}{name}" if isinstance(inner, list) else f"{prefix}{name}.")
        return found
    if isinstance(value, list):
        return {f"{prefix}[]"}.union(*(paths(each, f"{prefix}[].") for each in value))
    return set()


def test_every_key_of_the_documents_is_explained_and_none_else() -> None:
    assert set().union(*(paths(host_document(each)) for each in hosts())) == set(keys.HOST)
    assert set().union(*(paths(policy_document(each)) for each in policies())) == set(keys.POLICY)


def test_every_key_of_a_judgement_is_explained_and_none_else() -> None:
    good = Checked(file="a.yaml", policies=(parse_document(policy("a")),))
    bad = Checked(file="b.yaml", mistakes=("no",))

    assert paths(check_document(distinct([good, bad]))) == set(keys.CHECK)

"""``ballonet policy explain``: what a policy means in words, and who overrules whom."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ballonet.errors import ConfigError
from ballonet.manifests.v1alpha1 import AlertRule
from ballonet.policy import (
    Action,
    GuestThresholds,
    HostThresholds,
    Mode,
    Pace,
    Policy,
    Requirement,
    Selector,
)
from ballonet.quantity import GIB, MIB, Amount
from ballonet_cli.cluster.objects import found_hosts, found_policies
from ballonet_cli.commands import cli
from ballonet_cli.policies.explained import chosen, sizes_of
from ballonet_cli.policies.meaning import meaning
from ballonet_cli.policies.selection import guests_in_words, hosts_in_words, may_meet
from golden import check
from kubernetes_objects import some_hosts, some_policies

EXAMPLES = Path(__file__).parents[2] / "crds" / "examples"
FULL = Policy(
    name="web",
    mode=Mode.OBSERVE,
    priority=10,
    created=1_800_000_000.0,
    hosts=Selector(names=("kvm-*", "big-1")),
    guests=Selector(names=("web-*",), namespaces=("shop",)),
    floor=Amount(size=512 * MIB),
    weight=250,
    headroom=12.5,
    host_thresholds=HostThresholds(
        grow_above=Amount(percent=10), reclaim_below=Amount(size=4 * GIB), pressure_above=5.0
    ),
    guest_thresholds=GuestThresholds(usable_below=5, major_faults_per_second=20, swap_in_per_second=4 * MIB),
    pace=Pace(shrink_percent_per_cycle=30, minimum_change=64 * MIB),
)


def alerts() -> tuple[AlertRule, ...]:
    return tuple(
        AlertRule.model_validate({"matchLabels": {"alertname": f"A{each}"}, "action": each})
        for each in Action
    )


def words(policy: Policy, *others: Policy, memory: tuple[int, ...] = (64 * GIB,)) -> str:
    return "\n".join(meaning(policy, others, alerts=(), memory=memory))


def explain(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ("policy", "explain", *map(str, arguments)), prog_name="ballonet")


def test_every_part_of_a_policy_is_said() -> None:
    rivals = (replace(FULL, name="older", created=1.0), Policy(name="low"), Policy(name="high", priority=99))
    lines = meaning(FULL, rivals, alerts=alerts(), memory=(64 * GIB, 512 * GIB))

    check("cli-policy-meaning.txt", "".join(f"{line}\n" for line in lines))


def test_what_a_policy_leaves_out_is_said_as_well() -> None:
    check("cli-policy-meaning-bare.txt", words(Policy(name="all")) + "\n")


def test_percentages_stay_percentages_where_no_host_is_known() -> None:
    said = words(FULL, memory=())

    assert "more available than 10%: growAbove 10%." in said
    assert (
        "less available than 2% but at least 160Mi: criticalBelow is not given: 2%, at least 160Mi." in said
    )


def test_a_level_that_is_the_same_on_all_hosts_is_said_once() -> None:
    thresholds = HostThresholds(
        grow_above=Amount(percent=20), reclaim_below=Amount(size=12 * GIB), critical_below=Amount(size=GIB)
    )
    said = words(replace(FULL, host_thresholds=thresholds), memory=(64 * GIB, 512 * GIB))

    assert "less available than 12Gi (12884901888 bytes): reclaimBelow 12Gi." in said
    assert (
        "more available than 12.8Gi (13743895347 bytes) on a host with 64Gi, "
        "102.4Gi (109951162777 bytes) on a host with 512Gi: growAbove 20%." in said
    )


def test_who_owns_what_both_select_follows_the_precedence() -> None:
    mine = Policy(name="m", priority=5, created=100.0)
    others = (
        Policy(name="higher", priority=6),
        replace(mine, name="older", created=50.0),
        replace(mine, name="a"),
        replace(mine, name="z"),
        replace(mine, name="younger", created=150.0),
        Policy(name="lower", priority=4),
    )
    said = words(mine, mine, *others)

    assert (
        "It is overruled by higher (priority 6), older (equal priority, older) and "
        "a (equal priority and age, by name), where they select the same guest." in said
    )
    assert (
        "It overrules z (equal priority and age, by name), younger (equal priority, younger) and "
        "lower (priority 4), where they select the same guest." in said
    )


def test_of_many_rivals_the_first_are_named_and_the_others_counted() -> None:
    many = [Policy(name=f"p{number:02}") for number in range(20)]

    assert "p07 (equal priority and age, by name) and 12 more, where" in words(Policy(name="z"), *many)


def test_policies_that_can_never_meet_are_not_rivals() -> None:
    web, db = (Policy(name=each, guests=Selector(names=(f"{each}-*",))) for each in ("web", "db"))

    assert "No other policy that is known can select a guest of it." in words(web, db)


def named(*names: str) -> Selector:
    return Selector(names=names)


def labelled(operator: str, *values: str, key: str = "tier") -> Selector:
    return Selector(requirements=(Requirement(key=key, operator=operator, values=values),))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param(Selector(), named("web-*"), True, id="everything"),
        pytest.param(named("web-1"), named("web-*"), True, id="a name and its pattern"),
        pytest.param(named("web-1"), named("web-2"), False, id="two names"),
        pytest.param(named("web-1"), named("WEB-*"), False, id="case matters"),
        pytest.param(named("web-*"), named("web-a*"), True, id="one beginning within the other"),
        pytest.param(named("web-*"), named("db-*"), False, id="two beginnings"),
        pytest.param(named("db-*", "web-*"), named("web-9"), True, id="one of several"),
        pytest.param(named("*-db"), named("web-*"), True, id="an open beginning"),
        pytest.param(named("[ab]x"), named("ax"), True, id="a set of characters"),
        pytest.param(named("?x"), named("xx*"), True, id="any character"),
        pytest.param(
            Selector(namespaces=("a",)), Selector(namespaces=("b", "c")), False, id="namespaces apart"
        ),
        pytest.param(Selector(namespaces=("a",)), Selector(namespaces=("a", "c")), True, id="one namespace"),
        pytest.param(labelled("In", "a", "b"), labelled("In", "c"), False, id="values apart"),
        pytest.param(labelled("In", "a", "b"), labelled("In", "b"), True, id="one value in common"),
        pytest.param(labelled("In", "a"), labelled("In", "b", key="zone"), True, id="labels of two keys"),
        pytest.param(labelled("In", "a"), labelled("DoesNotExist"), False, id="a value and none"),
        pytest.param(labelled("DoesNotExist"), labelled("Exists"), False, id="there and not"),
        pytest.param(labelled("NotIn", "a"), labelled("DoesNotExist"), True, id="not a and none"),
        pytest.param(labelled("In", "a"), labelled("NotIn", "a", "b"), False, id="a and not a"),
        pytest.param(labelled("In", "a", "c"), labelled("NotIn", "a", "b"), True, id="c and not a"),
    ],
)
def test_two_selections_meet_unless_it_is_certain_that_they_cannot(
    one: Selector, other: Selector, *, meet: bool
) -> None:
    as_guests = Policy(name="a", guests=one), Policy(name="b", guests=other)
    as_hosts = Policy(name="a", hosts=one), Policy(name="b", hosts=other)

    assert may_meet(*as_guests) is may_meet(*reversed(as_guests)) is meet
    assert may_meet(*as_hosts) is may_meet(*reversed(as_hosts)) is meet


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        pytest.param(Selector(), "every", id="all"),
        pytest.param(named("a-*", "b", "c?"), "named a-*, b or c?", id="names"),
        pytest.param(Selector(namespaces=("a", "b")), "in namespace a or b", id="namespaces"),
        pytest.param(labelled("In", "a", ""), 'with label tier a or ""', id="in"),
        pytest.param(labelled("NotIn", "a"), "without label tier a", id="not in"),
        pytest.param(labelled("Exists"), "with a label tier", id="exists"),
        pytest.param(labelled("DoesNotExist"), "without a label tier", id="does not exist"),
        pytest.param(named("a\x1b"), r"named a\x1b", id="hostile"),
    ],
)
def test_selections_are_said_in_words(selector: Selector, said: str) -> None:
    assert hosts_in_words(selector) == ("every host" if said == "every" else f"hosts {said}")
    assert guests_in_words(selector) == ("every guest" if said == "every" else f"guests {said}")


def test_a_policy_of_a_directory_is_explained_for_a_host_of_the_size_given() -> None:
    result = explain("databases", "--policies", EXAMPLES, "--host-memory", "100Gi")

    assert result.exit_code == 0
    assert result.stdout.startswith("databases moves the memory of the guests that it owns (mode Enforce).\n")
    assert "6Gi (6442450944 bytes): growAbove is not given" in result.stdout


def test_without_a_size_it_is_explained_for_this_host() -> None:
    said = explain("databases", "--policies", EXAMPLES).stdout

    assert "bytes): growAbove is not given" in said
    assert said != explain("databases", "--policies", EXAMPLES, "--host-memory", "100Ti").stdout


def test_a_name_that_is_not_there_is_answered_with_similar_ones(tmp_path: Path) -> None:
    assert explain("database", "--policies", EXAMPLES).stderr == (
        f"Error: there is no policy 'database' in {EXAMPLES}: did you mean 'databases'?\n"
    )
    nothing = explain("a", "--policies", tmp_path)
    assert (nothing.exit_code, nothing.stderr) == (
        2, f"Error: there is no policy 'a' in {tmp_path}: there is none at all\n",
    )  # fmt: skip


def test_a_directory_with_a_bad_file_is_not_explained(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Pod\n", encoding="utf-8")
    result = explain("a", "--policies", tmp_path)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path / 'a.yaml'}: kind: 'Pod' is not read here")


def test_a_policy_in_kubernetes_that_cannot_be_used_is_named_with_its_mistake() -> None:
    with pytest.raises(ConfigError, match=r"policy wrong cannot be used: spec\.memory\.floor: '200%'"):
        chosen(found_policies(some_policies()), "wrong")
    with pytest.raises(ConfigError, match=r"no policy 'urgnt' in this cluster: did you mean 'urgent'"):
        chosen(found_policies(some_policies()), "urgnt")


def test_percentages_are_worked_out_for_the_smallest_and_the_largest_host_of_the_policy() -> None:
    hosts = found_hosts(some_hosts())

    assert sizes_of(hosts, "web") == [32 * GIB, 64 * GIB]
    assert sizes_of(hosts, "broken") == [32 * GIB]
    assert sizes_of(hosts, "other") == []

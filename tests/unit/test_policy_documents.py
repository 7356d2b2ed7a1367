"""BalloonPolicy documents: what they come to, and what is said of those that cannot be used."""

from pathlib import Path

import pytest

from ballonet.manifests.manifest import Unusable, parse
from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.policy import (
    Action,
    AlertRule,
    GuestThresholds,
    HostThresholds,
    Mode,
    Pace,
    Policy,
    Requirement,
    Selector,
)
from ballonet.quantity import GIB, MIB, Amount

EXAMPLES = Path(__file__).parents[2] / "crds" / "examples"
HEAD = "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {name: web-tier}\n"


def policy(spec: str) -> Policy:
    (document,) = parse(f"{HEAD}spec: {spec}\n")
    return document.to_policy()


def reasons(text: str) -> list[str]:
    with pytest.raises(Unusable) as refusal:
        parse(text)
    return list(refusal.value.reasons)


def test_an_empty_spec_means_the_planner_defaults() -> None:
    assert policy("{}") == Policy(name="web-tier")


def test_every_field_reaches_the_planner() -> None:
    (document,) = parse((EXAMPLES / "web-tier.yaml").read_text())
    assert document.to_policy() == Policy(
        name="web-tier",
        mode=Mode.ENFORCE,
        hosts=Selector(
            names=("kvm-*",), requirements=(Requirement(key="pool", operator="In", values=("kvm",)),)
        ),
        guests=Selector(
            names=("web-*",),
            namespaces=("shop",),
            requirements=(
                Requirement(key="tier", operator="In", values=("web",)),
                Requirement(key="release", operator="NotIn", values=("canary",)),
                Requirement(key="pinned", operator="DoesNotExist"),
            ),
        ),
        host_thresholds=HostThresholds(
            grow_above=Amount(percent=6), reclaim_below=Amount(percent=4), critical_below=Amount(percent=2)
        ),
        alerts=(
            AlertRule(labels=(("alertname", "HostMemoryFillingUp"),), action=Action.RECLAIM),
            AlertRule(labels=(("alertname", "GuestSwapping"), ("severity", "page")), action=Action.GROW),
        ),
    )


def test_numbers_other_than_the_defaults_reach_the_planner() -> None:
    (document,) = parse((EXAMPLES / "large-hosts.yaml").read_text())
    found = document.to_policy()
    assert found.host_thresholds == HostThresholds(
        grow_above=Amount(size=12 * GIB),
        reclaim_below=Amount(size=8 * GIB),
        critical_below=Amount(size=4 * GIB),
        pressure_above=15,
        pressure_reserve=Amount(size=4 * GIB),
    )
    assert found.guest_thresholds == GuestThresholds(
        usable_below=8, major_faults_per_second=100, swap_in_per_second=4 * MIB
    )
    assert found.pace == Pace(shrink_percent_per_cycle=5, minimum_change=64 * MIB)


def test_an_object_as_kubernetes_prints_it_is_accepted() -> None:
    (document,) = parse(
        "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\n"
        "metadata:\n  name: web-tier\n  uid: 0\n  generation: 3\n  creationTimestamp: 1970-01-01T00:01:00Z\n"
        "  managedFields: [{manager: kubectl}]\n"
        "spec: {}\nstatus: {observedGeneration: 3}\n"
    )
    assert document.to_policy() == Policy(name="web-tier", created=60.0)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_usable(path: Path) -> None:
    assert parse(path.read_text())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("invalid*/*.yaml")), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused_in_the_words_of_its_first_line(path: Path) -> None:
    text = path.read_text()
    assert reasons(text) == [text.splitlines()[0].removeprefix("# refused: ")]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            "{memory: {weight: '5'}}",
            ["spec.memory.weight: '5' is not a whole number: write for example weight: 100"],
            id="number in quotes",
        ),
        pytest.param(
            "{memory: {weight: true}}",
            ["spec.memory.weight: True is not a whole number: write for example weight: 100"],
            id="truth for a number",
        ),
        pytest.param(
            "{memory: {floor: 2GiB}}", ["spec.memory.floor: '2GiB' is not a size: write 2Gi"], id="virsh unit"
        ),
        pytest.param(
            "{guests: {names: web}}",
            ["spec.guests.names: 'web' is not a list: write for example names: [web-*]"],
            id="text for a list",
        ),
        pytest.param(
            "{guests: {names: }}",
            ["spec.guests.names: is empty: write a value, such as names: [web-*], or remove the line"],
            id="nothing after the colon",
        ),
        pytest.param(
            "{guests: {selector: {matchLabels: {tier: 1}}}}",
            [
                (
                    "spec.guests.selector.matchLabels.tier: 1 is not text: put it in quotes: "
                    "write for example matchLabels: {tier: web}"
                )
            ],
            id="number for a label",
        ),
        pytest.param(
            "{alerts: [{matchLabels: {}, action: Grow}]}",
            ["spec.alerts[0].matchLabels: has 0 entries: write at least 1"],
            id="alert that would match all",
        ),
        pytest.param(
            "{hosts: {names: []}, guests: {names: [], namespaces: []}}",
            [
                "spec.hosts.names: is an empty list: omit the field to select all",
                "spec.guests.names: is an empty list: omit the field to select all",
                "spec.guests.namespaces: is an empty list: omit the field to select all",
            ],
            id="lists that would select all",
        ),
        pytest.param(
            '{guests: {names: ["a]", "web-[12"]}}',
            ["spec.guests.names[1]: [ is not closed: write for example web-[12], or [[] for a [ itself"],
            id="pattern that would match only itself",
        ),
        pytest.param(
            "{priority: 1.5, memory: {weight: 10001}}",
            [
                "spec.priority: 1.5 is not a whole number: write for example priority: 10",
                "spec.memory.weight: 10001 is above 10000: write 10000 or less, such as weight: 100",
            ],
            id="two mistakes",
        ),
        pytest.param(
            "{thresholds: {host: {pressureAbove: .nan}}}",
            ["spec.thresholds.host.pressureAbove: nan is not a number: write for example pressureAbove: 10"],
            id="not a number",
        ),
        pytest.param(
            '{"evil\\u001b[2J": 1}',
            [
                (
                    "'spec.evil\\x1b[2J': is no field here: write one of "
                    "mode, priority, hosts, guests, memory, thresholds, alerts, pace"
                )
            ],
            id="terminal escape in a field",
        ),
    ],
)
def test_a_mistake_is_named_with_its_field_and_what_to_write(spec: str, expected: list[str]) -> None:
    assert reasons(f"{HEAD}spec: {spec}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: [", "line 1, column 5: expected the node content", id="half a list"),
        pytest.param("a: 1\na: 2", "line 2, column 1: 'a' is given twice", id="key given twice"),
        pytest.param("a: &x [*x]", "line 1, column 8: aliases are not read here", id="alias"),
        pytest.param("[" * 5000, "line 1, column 33: nested more than 32 levels deep", id="deep nesting"),
        pytest.param("a: !!python/object:os.system {}", "line 1, column 4: could not determine", id="object"),
        pytest.param("a: " + "9" * 5000, "no readable YAML: ", id="enormous number"),
        pytest.param("\x00", "no readable YAML: ", id="binary"),
        pytest.param("- 1", "[1] is no document: write apiVersion", id="no map"),
        pytest.param("kind: ConfigMap", "kind: 'ConfigMap' is not read here: write Ball", id="another kind"),
        pytest.param("apiVersion: v1", "kind: is missing: write BalloonPolicy", id="no kind"),
        pytest.param(
            "kind: BalloonPolicy\napiVersion: ballonet.dev/v2",
            "apiVersion: 'ballonet.dev/v2' is not known: write ballonet.dev/v1alpha1",
            id="another version",
        ),
        pytest.param(HEAD, "spec: is missing", id="no spec"),
        pytest.param(
            f"{HEAD}spec: {{}}\n---\n{HEAD}spec: {{}}", "metadata.name: 'web-tier' is given", id="twin"
        ),
        pytest.param("---\n{}\n" * 65, "65 documents in one file: write at most 64", id="too many documents"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, expected: str) -> None:
    (reason,) = reasons(text)
    assert reason.startswith(expected)


def test_a_mistake_in_one_of_several_documents_names_the_document() -> None:
    text = f"{HEAD}spec: {{}}\n---\n{HEAD}spec: {{mode: Loud}}\n"
    assert reasons(text) == ["document 2: spec.mode: 'Loud' is not known: write Enforce, Observe or Freeze"]


def test_endless_mistakes_are_cut_short() -> None:
    fields = ", ".join(f"x{number}: 1" for number in range(100))
    found = reasons(f"{HEAD}spec: {{{fields}}}\n")
    assert (len(found), found[-1]) == (21, "and 80 more")


def test_a_file_of_comments_holds_no_policy() -> None:
    assert parse("# nothing yet\n") == ()


def test_every_field_is_described_for_its_reader() -> None:
    schema = BalloonPolicy.model_json_schema(by_alias=True)
    fields = {
        f"{name}.{field}": properties
        for name, model in {"BalloonPolicy": schema, **schema["$defs"]}.items()
        for field, properties in model.get("properties", {}).items()
    }
    undescribed = [
        name for name, properties in fields.items() if not properties.get("description", "$ref" in properties)
    ]
    assert len(fields) > 30
    assert undescribed == []

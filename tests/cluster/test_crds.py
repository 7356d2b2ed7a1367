"""The CustomResourceDefinitions on a real API server: what it accepts, refuses, explains and shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet.api_kinds import HOSTS, POLICIES
from ballonet.apiserver import ApiServer
from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.manifest import Unusable, parse
from ballonet.manifests.v1alpha1_host import (
    GuestDetail,
    HostGuestCounts,
    HostMemory,
    HostStatus,
    LastMove,
    ObservedPolicy,
)
from ballonet.manifests.v1alpha1_status import Condition, GuestCounts, Overruling, PolicyStatus
from ballonet_lab.kubernetes import ControlPlane

EXAMPLES = Path(__file__).parents[2] / "crds" / "examples"
TRY = ("apply", "--dry-run=server", "--validate=strict", "-f")


def name(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def server(control_plane: ControlPlane) -> Iterator[ApiServer]:
    server = ApiServer(control_plane.kubeconfig)
    yield server
    server.close()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=name)
def test_an_example_is_accepted(control_plane: ControlPlane, path: Path) -> None:
    assert "created (server dry run)" in control_plane.kubectl(*TRY, str(path))


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.yaml")), ids=name)
def test_an_invalid_example_is_refused_in_the_loaders_words(control_plane: ControlPlane, path: Path) -> None:
    refused, own = path.read_text().splitlines()[:2]
    field, _, sentence = refused.removeprefix("# refused: ").partition(": ")

    complaint = control_plane.refusal(*TRY, str(path))

    if own.startswith("# kubernetes: "):
        assert own.removeprefix("# kubernetes: ") in complaint
    else:
        assert sentence in complaint
        assert f"{bracketed(field)}: Invalid value: " in complaint


def bracketed(field: str) -> str:
    """The path of a field as the API server writes it: a map's key in brackets."""
    before, labels, key = field.partition(".matchLabels.")
    return f"{before}.matchLabels[{key}]" if labels else field


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid-by-meaning").glob("*.yaml")), ids=name)
def test_what_only_the_loader_can_refuse_is_stored(control_plane: ControlPlane, path: Path) -> None:
    assert "created (server dry run)" in control_plane.kubectl(*TRY, str(path))
    with pytest.raises(Unusable):
        parse(path.read_text())


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(
            "balloonpolicy.spec.thresholds",
            [
                "When to act. The shipped alerts use the same numbers.",
                "guest <Object> When a guest counts as starved",
            ],
            id="thresholds",
        ),
        pytest.param(
            "blp.spec.thresholds.host",
            [
                "A percentage is of the host's memory, or of the budget where there is one.",
                "growAbove <Object> Guests grow only while the host has more available than this.",
                "Default: 6%, at least 640Mi. Example: `growAbove: 6%` or `growAbove: 2Gi`.",
                "pressureAbove <number> While tasks on the host wait for memory",
            ],
            id="levels",
        ),
        pytest.param(
            "blp.spec.guests.namespaces",
            ["Kubernetes namespaces of KubeVirt guests."],
            id="entries of a list",
        ),
        pytest.param(
            "blp.status",
            ["Written by Ballonet in Kubernetes", "hostsInForce <integer> Hosts of these"],
            id="status of a policy",
        ),
        pytest.param(
            "blh.status.details",
            ["Guests with a problem first", "uuid <string> -required- The libvirt domain's UUID."],
            id="status of a host",
        ),
    ],
)
def test_kubectl_explains(control_plane: ControlPlane, field: str, expected: list[str]) -> None:
    explained = " ".join(control_plane.kubectl("explain", field).split())

    assert [words for words in expected if words not in explained] == []


def told(**truths: tuple[bool, str]) -> tuple[Condition, ...]:
    return carried(
        (), [condition(kind, why, "so", holds=holds) for kind, (holds, why) in truths.items()], now=1
    )


POLICY_STATUS = PolicyStatus(
    observed_generation=1,
    conditions=told(Accepted=(True, "Accepted"), Ready=(False, "HostsBehind")),
    hosts=3,
    hosts_in_force=2,
    guests=GuestCounts(selected=14, owned=12, shrunk=5),
    reclaimed="9.5Gi",
    overruled_by=(Overruling(policy="databases", guests=2),),
).document()
LAST_MOVE = LastMove.model_validate(
    {"reason": "HostLow", "from": "2Gi", "to": "1Gi", "at": "2026-11-24T12:00:00Z"}
)
HOST_STATUS = HostStatus(
    conditions=told(
        HypervisorConnected=(True, "Connected"), MemoryPressure=(False, "Enough"), Settled=(True, "Settled")
    ),
    version="0.1.0",
    memory=HostMemory(total="64Gi", available="20Gi", pressure=0.25),
    guests=HostGuestCounts(total=7, shrunk=2, stuck=1),
    reclaimed="3Gi",
    details=tuple(
        GuestDetail(
            uuid=f"{number:032x}",
            guest="web",
            actual="1Gi",
            reason="Stuck",
            message="m" * 1024,
            last_move=LAST_MOVE,
        )
        for number in range(64)
    ),
    observed_policies=tuple(ObservedPolicy(name=f"p-{number}", generation=1) for number in range(256)),
).document()


@pytest.fixture
def _objects(server: ApiServer) -> Iterator[None]:
    """A policy and a host, each with a status."""
    policy = {"apiVersion": POLICIES.api_version, "kind": "BalloonPolicy", "metadata": {"name": "web"}}
    host = {"apiVersion": HOSTS.api_version, "kind": "BalloonHost", "metadata": {"name": "node-1"}}
    made = [
        (POLICIES, server.apply(POLICIES, policy | {"spec": {}}, manager="test")),
        (HOSTS, server.apply(HOSTS, host, manager="test")),
    ]
    server.apply(POLICIES, policy | {"status": POLICY_STATUS}, manager="test", subresource="status")
    server.apply(HOSTS, host | {"status": HOST_STATUS}, manager="test", subresource="status")
    yield
    for kind, each in made:
        server.delete(kind, each["metadata"]["name"], uid=each["metadata"]["uid"])


@pytest.mark.usefixtures("_objects")
def test_a_status_is_stored_as_the_models_write_it(server: ApiServer) -> None:
    policy, host = server.get(POLICIES, "web"), server.get(HOSTS, "node-1")

    assert policy is not None
    assert policy["status"] == POLICY_STATUS
    assert host is not None
    assert host["status"] == HOST_STATUS


@pytest.mark.usefixtures("_objects")
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(
            "blp",
            {
                "NAME": "web", "MODE": "Enforce", "PRIORITY": "0", "HOSTS": "3", "GUESTS": "12",
                "SHRUNK": "5", "RECLAIMED": "9.5Gi", "ACCEPTED": "True", "READY": "False",
                "REASON": "HostsBehind", "SELECTED": "14", "IN-FORCE": "2",
            },
            id="policies",
        ),
        pytest.param(
            "blh",
            {
                "NAME": "node-1", "CONNECTED": "True", "PRESSURE": "False", "SETTLED": "True", "GUESTS": "7",
                "SHRUNK": "2", "RECLAIMED": "3Gi", "AVAILABLE": "20Gi", "STUCK": "1", "STARVED": "0",
            },
            id="hosts",
        ),
    ],
)  # fmt: skip
def test_kubectl_shows_what_a_person_wants_to_read(
    control_plane: ControlPlane, kind: str, expected: dict[str, str]
) -> None:
    titles, values = (line.split() for line in control_plane.kubectl("get", kind, "-o", "wide").splitlines())

    assert titles == [*expected, "AGE"]
    assert values[:-1] == list(expected.values())


@pytest.mark.usefixtures("_objects")
def test_both_kinds_are_shown_together_without_what_is_wide(control_plane: ControlPlane) -> None:
    shown = control_plane.kubectl("get", "ballonet").split()

    assert {"balloonhost.ballonet.dev/node-1", "balloonpolicy.ballonet.dev/web"} <= set(shown)
    assert {"REASON", "HostsBehind"} <= set(shown), "what is not ready says why"
    assert not {"SELECTED", "IN-FORCE", "STUCK", "STARVED"} & set(shown)

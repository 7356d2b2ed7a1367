"""The command line against a real API server: what it shows, and what it says where it cannot."""

import json
import re

import pytest

from ballonet.api_kinds import HOSTS, POLICIES, Kind
from ballonet.apiserver import ApiServer
from ballonet_lab.kubernetes import ControlPlane
from command_line import ballonet
from kubernetes_objects import Json, calm_status, host, policy, policy_status, troubled_status

WRITER = "test"


def write(server: ApiServer, kind: Kind, item: Json) -> None:
    """Write an object and its status, as the API server lets nobody do at once."""
    plain = {key: item[key] for key in ("apiVersion", "kind", "spec") if key in item}
    named = plain | {"metadata": {"name": item["metadata"]["name"]}}
    server.apply(kind, named, manager=WRITER)
    if "status" in item:
        server.apply(kind, named | {"status": item["status"]}, manager=WRITER, subresource="status")


@pytest.fixture
def plane(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with three hosts and three policies."""
    server = ApiServer(control_plane.kubeconfig)
    for item in (host("node-1", calm_status()), host("node-2", troubled_status()), host("node-3")):
        write(server, HOSTS, item)
    ready = policy_status(hosts=2, hosts_in_force=2, reclaimed="9.5Gi")
    for item in (
        policy("all", status=ready),
        policy("web", priority=10, guests={"names": ["web-*"]}, memory={"floor": "512Mi"}, status=ready),
        policy("fresh", priority=20, mode="Observe", guests={"names": ["db-*"]}),
    ):
        write(server, POLICIES, item)
    return control_plane


def test_a_cluster_without_hosts_and_policies_says_what_that_means(control_plane: ControlPlane) -> None:
    for kind in ("balloonhosts", "balloonpolicies"):
        control_plane.kubectl("delete", kind, "--all")
    hosts, policies = (
        ballonet(words, kubeconfig=control_plane.kubeconfig) for words in ("hosts", "policies")
    )

    assert (hosts.returncode, hosts.stderr) == (0, "Warning: no agent has reported a host yet\n")
    assert (policies.returncode, policies.stderr) == (
        0,
        "Warning: there is no BalloonPolicy in this cluster, so no guest is owned\n",
    )


def without_ages(output: str) -> str:
    return re.sub(r" +(\d+[smh]|AGE)$", "", output, flags=re.MULTILINE)


def test_hosts_are_listed_with_what_their_agents_said(plane: ControlPlane) -> None:
    done = ballonet("hosts", kubeconfig=plane.kubeconfig)

    assert (done.returncode, done.stderr) == (0, "")
    assert without_ages(done.stdout) == (
        "NAME    CONNECTED  PRESSURE  SETTLED        GUESTS  SHRUNK  STARVED  STUCK  AVAILABLE  RECLAIMED\n"
        "node-1  yes        no        yes                12       0        0      0     12.5Gi          0\n"
        "node-2  yes        Critical  Overcommitted      20      16        2      1      600Mi      9.5Gi\n"
        "node-3  -          -         -                   -       -        -      -          -          -\n"
    )


def test_one_host_is_shown_with_conditions_guests_and_policies(plane: ControlPlane) -> None:
    done = ballonet("hosts", "node-2", "--kubeconfig", str(plane.kubeconfig))

    assert (done.returncode, done.stderr) == (0, "")
    assert "  memory                600Mi available of 32Gi, by the last report\n" in done.stdout
    assert re.search(r"^  MemoryPressure        True for .* \(Critical\)$", done.stdout, re.MULTILINE)
    assert "web-1                           1Gi   1.5Gi      2Gi  web" in done.stdout
    assert "and 5 more guests: the host's metrics have them all\n" in done.stdout
    assert "web              3      16      16      9.5Gi  urgent (2)    -\n" in done.stdout


def test_programs_read_hosts_and_policies_as_json(plane: ControlPlane) -> None:
    hosts = json.loads(ballonet("hosts", "-o", "json", kubeconfig=plane.kubeconfig).stdout)["hosts"]
    policies = json.loads(ballonet("policies", "-o", "json", kubeconfig=plane.kubeconfig).stdout)["policies"]
    one = json.loads(ballonet("hosts", "node-2", "-o", "json", kubeconfig=plane.kubeconfig).stdout)

    assert [each["name"] for each in hosts] == ["node-1", "node-2", "node-3"]
    assert one == hosts[1]
    assert one["status"]["reclaimed_bytes"] == 9.5 * 2**30
    assert one["status"]["conditions"]["MemoryPressure"]["reason"] == "Critical"
    assert [(each["name"], each["generation"], each["mistakes"]) for each in policies] == [
        ("fresh", 1, []),
        ("web", 1, []),
        ("all", 1, []),
    ]


def test_policies_are_listed_by_precedence_with_what_became_of_them(plane: ControlPlane) -> None:
    done = ballonet("policies", kubeconfig=plane.kubeconfig)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "NAME   MODE     PRIORITY  HOSTS  GUESTS  SHRUNK  RECLAIMED  READY    REASON\n"
        "fresh  Observe        20      -       -       -          -  unknown  NotJudged\n"
        "web    Enforce        10    2/2       0       0      9.5Gi  yes      InForce\n"
        "all    Enforce         0    2/2       0       0      9.5Gi  yes      InForce\n"
    )


def test_a_changed_policy_is_not_ready_until_the_controller_has_looked(plane: ControlPlane) -> None:
    server = ApiServer(plane.kubeconfig)
    write(server, POLICIES, policy("changing", status=policy_status(), priority=-1))
    assert "changing  Enforce        -1" in ballonet("policies", kubeconfig=plane.kubeconfig).stdout

    write(server, POLICIES, policy("changing", priority=-2))
    line = ballonet("policies", kubeconfig=plane.kubeconfig).stdout.splitlines()[-1]
    plane.kubectl("delete", "balloonpolicy", "changing")

    assert line.split() == ["changing", "Enforce", "-2", "0/0", "0", "0", "0", "unknown", "NotJudged"]


def test_a_policy_is_explained_with_its_rivals_hosts_and_fate(plane: ControlPlane) -> None:
    done = ballonet("policy", "explain", "web", kubeconfig=plane.kubeconfig)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "web moves the memory of the guests that it owns (mode Enforce)."
    assert "It overrules all (priority 0), where they select the same guest." in lines
    assert not [line for line in lines if "fresh" in line]
    assert "A guest is never left less than 512Mi." in lines
    assert (
        "Guests grow only while the host has more available than 1.9Gi (2061584302 bytes) on a host with "
        "32Gi, 3.8Gi (4123168604 bytes) on a host with 64Gi: growAbove is not given: 6%, at least 640Mi."
        in lines
    )
    assert "Hosts: 2 selected, in force on 2 of them." in lines
    assert re.fullmatch(r"Ready +True for .* \(InForce\): said of InForce", lines[-1])


def test_a_policy_that_nobody_has_judged_says_so(plane: ControlPlane) -> None:
    done = ballonet("policy", "explain", "fresh", "--host-memory", "1Ti", kubeconfig=plane.kubeconfig)

    assert done.stdout.splitlines()[-1] == "No controller has said anything about it yet."
    assert "61.4Gi (65970697666 bytes): growAbove is not given" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(
            ("hosts", "node-9"),
            "Error: there is no host 'node-9' with an agent in this cluster: "
            "did you mean 'node-3' or 'node-2' or 'node-1'?\n",
            id="host",
        ),
        pytest.param(
            ("policy", "explain", "wbe"),
            "Error: there is no policy 'wbe' in this cluster: did you mean 'web'?\n",
            id="policy",
        ),
        pytest.param(
            ("policy", "explain", "x" * 300),
            f"Error: there is no policy '{'x' * 300}' in this cluster: there are all, fresh, web\n",
            id="nothing like it",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_known_ones(
    arguments: tuple[str, ...], line: str, plane: ControlPlane
) -> None:
    done = ballonet(*arguments, kubeconfig=plane.kubeconfig)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


@pytest.mark.parametrize("name", ["../nodes", "a/b", "%2e%2e", "", "\x1b[2J"])
def test_a_name_that_is_no_name_reads_nothing_else(name: str, plane: ControlPlane) -> None:
    done = ballonet("hosts", name, kubeconfig=plane.kubeconfig)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("Error: there is no host ")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("ballonet hosts node-", "node-1 node-2 node-3", id="hosts"),
        pytest.param("ballonet policy explain w", "web", id="policies"),
    ],
)
def test_the_shell_completes_names_from_kubernetes(words: str, found: str, plane: ControlPlane) -> None:
    done = ballonet(
        kubeconfig=plane.kubeconfig,
        _BALLONET_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )

    assert done.stdout.split() == [f"plain,{name}" for name in found.split()]

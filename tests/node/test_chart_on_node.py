"""The chart's life on a real node, above real guests: each test goes on where the one before it ended."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from ballonet.quantity import GIB, KIB
from ballonet_lab import GuestSpec, Lab, LabError, LabGuest, eventually
from ballonet_lab.kubernetes import Node
from cluster_agent import policy, settled, sizes
from node_release import CHART, PREVIOUS, Release, objects, ready_after

NAMESPACE = "ballonet"
KINDS = ("balloonhosts.ballonet.dev", "balloonpolicies.ballonet.dev")
Note = Callable[[str], None]


@pytest.fixture(scope="module")
def pair(lab: Lab) -> list[LabGuest]:
    """Two guests of 1 GiB that do nothing, under a libvirtd outside of the node, as a host's is."""
    lab.directory.chmod(0o755)  # As /run/libvirt is: what its sockets allow is their own matter.
    return lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])


@pytest.fixture(scope="module")
def before(stocked: Node, pair: Sequence[LabGuest]) -> set[str]:
    """All objects that there are before the release, its namespace included."""
    assert pair
    stocked.kubectl("create", "namespace", NAMESPACE)
    stocked.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=privileged")
    own = (f"ServiceAccount {NAMESPACE} default", f"ConfigMap {NAMESPACE} kube-root-ca.crt")
    return eventually(
        lambda: there if (there := objects(stocked)) >= set(own) else set(), "the namespace is whole"
    )


@pytest.fixture(scope="module")
def release(stocked: Node, lab: Lab, before: set[str]) -> Iterator[Release]:
    """The previous version of the chart, installed as a user would, but for where libvirt's sockets lie."""
    assert before
    release = Release(node=stocked, namespace=NAMESPACE)
    release.install(PREVIOUS, "--set", values_of(lab))
    yield release
    stocked.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    for kind in KINDS:
        stocked.kubectl("delete", "crd", kind, "--ignore-not-found")


def values_of(lab: Lab) -> str:
    """Return what of the values is not the default: a lab is no host, and does not wait long."""
    return f"libvirt.socketDirectory={lab.directory},agent.host.budget=4Gi,agent.interval=1s"


@pytest.fixture
def note(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a figure where it is seen though the test succeeds."""

    def note(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return note


@contextmanager
def watched(guests: Sequence[LabGuest]) -> Iterator[set[tuple[int, ...]]]:
    """Yield the sizes that the guests have meanwhile, all that were seen."""
    seen: set[tuple[int, ...]] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            seen.add(tuple(sizes(guests)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def rest(release: Release, guests: Sequence[LabGuest]) -> tuple[int, ...]:
    """Wait until nothing moves, and return the guests' sizes."""

    def still() -> tuple[int, ...]:
        first = tuple(sizes(guests))
        release.run_cycles(3)
        return first if first == tuple(sizes(guests)) else ()

    return eventually(still, "the guests come to rest", within=60)


def test_an_installation_that_waits_ends_with_pods_that_run_and_are_ready(
    release: Release, note: Note
) -> None:
    parts = [
        (part, [pod.restarts for pod in release.ready(part)]) for part in ("exporter", "agent", "controller")
    ]

    assert parts == [("exporter", [0]), ("agent", [0]), ("controller", [0, 0])]
    note(f"pods ready {ready_after(release.pods()):.0f} s after they were made")


def test_a_policy_that_is_applied_moves_guests_within_seconds(
    release: Release, pair: Sequence[LabGuest], note: Note
) -> None:
    began = time.monotonic()
    release.node.kubectl("apply", "-f", "-", input=policy("all"))
    eventually(lambda: min(sizes(pair)) < GIB, "a guest is shrunk", within=15)
    note(f"{time.monotonic() - began:.1f} s from kubectl apply to the first memory moved")
    eventually(lambda: settled(pair), "the guests have what the policy leaves them", within=60)

    reported = release.node.kubectl("get", "balloonhost", release.node.name, "-o", "json")
    assert json.loads(reported)["status"]["conditions"]


def test_an_upgrade_keeps_policies_and_sizes(release: Release, pair: Sequence[LabGuest]) -> None:
    rested = rest(release, pair)
    kept = release.node.kubectl("get", "balloonpolicy", "all", "-o", "jsonpath={.metadata.uid} {.spec}")
    agent = release.only("agent").name

    with watched(pair) as seen:
        release.upgrade(CHART, "--set", "agent.podAnnotations.upgrade=second,networkPolicy.enabled=true")
        release.run_cycles(3)

    assert seen == {rested}
    assert release.only("agent").name != agent
    assert kept == release.node.kubectl(
        "get", "balloonpolicy", "all", "-o", "jsonpath={.metadata.uid} {.spec}"
    )
    # The API accepts NetworkPolicies; nothing on this node enforces them.
    assert len(release.kubectl("get", "networkpolicies", "-o", "name").split()) == 3


def test_the_exporter_answers_a_scrape_with_the_guests_series(
    release: Release, pair: Sequence[LabGuest]
) -> None:
    assert release.series("exporter", "up") == {(): 1}
    current = release.series("exporter", "guest_balloon_actual_bytes")
    assert {labels[0]: size for labels, size in current.items()} == dict(zip("ab", sizes(pair), strict=True))


def test_helm_test_passes(release: Release) -> None:
    assert "Phase:          Succeeded" in release.helm("test", "ballonet", "--timeout=90s")


def test_a_killed_agent_returns_and_goes_on_where_it_was(
    release: Release, pair: Sequence[LabGuest], note: Note
) -> None:
    rested, agent = rest(release, pair), release.only("agent").name

    with watched(pair) as seen:
        began = time.monotonic()
        release.kubectl("delete", "pod", agent, "--grace-period=0", "--force")
        eventually(lambda: [pod.name for pod in release.ready("agent")] not in ([], [agent]), "it returns")
        note(f"{time.monotonic() - began:.1f} s until another agent was ready")
        release.run_cycles(3)

    assert seen == {rested}


def test_when_the_leading_controller_is_killed_the_other_takes_over(release: Release, note: Note) -> None:
    leader = eventually(release.leader, "a controller leads")
    pod = next(pod.name for pod in release.pods("controller") if leader.startswith(pod.name))

    began = time.monotonic()
    release.kubectl("delete", "pod", pod, "--grace-period=0", "--force")
    eventually(lambda: release.leader() not in ("", leader), "another leads", within=60)
    note(f"{time.monotonic() - began:.1f} s until another controller led")
    eventually(lambda: len(release.ready("controller")) == 2, "both are back", within=60)


def test_pods_outlive_a_restart_of_libvirtd(release: Release, lab: Lab, pair: Sequence[LabGuest]) -> None:
    names = {pod.name for pod in release.pods()}

    lab.stop_libvirtd()
    eventually(lambda: release.series("exporter", "up") == {(): 0}, "the exporter sees that libvirt is gone")
    lab.start_libvirtd()
    eventually(lambda: release.series("exporter", "up") == {(): 1}, "the exporter sees that libvirt is back")
    release.node.kubectl("apply", "-f", "-", input=policy("all", memory={"floor": "95%"}))
    eventually(lambda: min(sizes(pair)) * 20 >= GIB * 19 - KIB, "the agent moves memory again", within=60)

    assert {pod.name: pod.restarts for pod in release.pods()} == dict.fromkeys(names, 0)


def test_a_drain_leaves_the_daemonsets_and_keeps_one_controller(release: Release) -> None:
    hosts = {release.only("exporter").name, release.only("agent").name}

    said = release.node.refusal(
        "drain", release.node.name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=8s"
    )

    assert "disruption budget" in said
    assert len(release.ready("controller")) == 1
    assert hosts == {release.only("exporter").name, release.only("agent").name}
    release.node.kubectl("uncordon", release.node.name)
    eventually(lambda: len(release.ready("controller")) == 2, "both controllers are back", within=60)


def test_uninstalling_leaves_the_crds_and_what_is_of_their_kinds(
    release: Release, pair: Sequence[LabGuest], before: set[str]
) -> None:
    rested = rest(release, pair)

    with watched(pair) as seen:
        release.uninstall()
        eventually(lambda: not release.pods(), "the pods are gone", within=60)

    left = {f"CustomResourceDefinition <none> {kind}" for kind in KINDS}
    left |= {"APIService <none> v1alpha1.ballonet.dev"}  # Kubernetes makes it for the CRDs.
    left |= {f"BalloonHost <none> {release.node.name}", "BalloonPolicy <none> all"}
    with suppress(LabError):
        eventually(lambda: objects(release.node) - before == left, "nothing else is left")
    assert objects(release.node) ^ before == left
    assert seen == {rested}


def test_a_release_that_is_told_to_gives_all_memory_back_when_it_goes(
    release: Release, lab: Lab, pair: Sequence[LabGuest]
) -> None:
    release.install(CHART, "--set", f"{values_of(lab)},agent.onExit=release")
    assert max(rest(release, pair)) < GIB

    release.uninstall()

    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory", within=60)

"""A watch over kinds of objects that the API server loses, and has again later."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ballonet.api_kinds import NODES, POLICIES
from ballonet.apiserver import ApiServer
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane
from ballonet_operator.watch import Subscription, Watch
from cluster_agent import apply, policy

FILES = sorted((Path(__file__).resolve().parents[2] / "crds").glob("*.yaml"))


@pytest.fixture
def seen() -> set[str]:
    """The names of the policies that are there, as the watch tells of them."""
    return set()


@contextmanager
def watching(plane: ControlPlane, seen: set[str]) -> Iterator[Watch]:
    policies = Subscription(
        kind=POLICIES,
        seen=lambda thing: seen.add(thing["metadata"]["name"]),
        gone=lambda thing: seen.discard(thing["metadata"]["name"]),
    )
    nodes = Subscription(kind=NODES, seen=lambda _: None, gone=lambda _: None)
    watch = Watch(ApiServer(plane.kubeconfig), [policies, nodes])
    watch.start()
    try:
        yield watch
    finally:
        watch.stop(10)
        assert not watch.alive()


def remove(plane: ControlPlane) -> None:
    for file in FILES:
        plane.kubectl("delete", "-f", str(file), "--wait=true")


def problems(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what is said to be wrong with the watch."""
    return [str(getattr(each, "error", "")) for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_watch_waits_for_its_kinds_and_is_back_soon_after_they_were_removed(
    control_plane: ControlPlane, seen: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    remove(control_plane)
    with watching(control_plane, seen) as watch:
        eventually(lambda: problems(caplog), "it says what is missing")
        assert problems(caplog) == [
            "balloonpolicies: the API server does not have it: install Ballonet's CustomResourceDefinitions"
        ]
        control_plane.install(*FILES)
        eventually(watch.connected, "the watch is open", within=30)
        remove(control_plane)
        eventually(lambda: not watch.connected(), "the watch is lost", within=30)
        control_plane.install(*FILES)
        apply(control_plane, policy("new"))
        eventually(watch.connected, "the watch is back", within=30)
        eventually(lambda: seen == {"new"}, "the policy is seen")
        control_plane.kubectl("delete", "blp", "new")
        eventually(lambda: not seen, "it is seen to be gone")
    # A server that has just got a new kind may answer for a moment that its storage is not ready yet.
    lasting = [each for each in problems(caplog) if "HTTP status 429" not in each]
    assert len(lasting) == 2
    assert "/balloonpolicies: HTTP status 404" in lasting[1]
    assert {each.name for each in caplog.records} == {"ballonet_operator.watch_link"}

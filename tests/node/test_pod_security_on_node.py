"""Releases in namespaces that enforce a Pod Security profile, on a real node: as docs/helm.md says."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from ballonet_lab import Lab, eventually
from ballonet_lab.kubernetes import Node
from node_release import CHART, ROOT, Release

Enforcing = Callable[[str], Release]
# A namespace that is being deleted keeps its name for seconds.
NUMBERS = count()


@pytest.fixture
def enforcing(stocked: Node) -> Iterator[Enforcing]:
    """Makes a namespace that enforces a profile; it is gone when the test ends, with what is in it."""
    made: list[Release] = []

    def enforcing(profile: str) -> Release:
        release = Release(node=stocked, namespace=f"{profile}-{next(NUMBERS)}")
        stocked.kubectl("create", "namespace", release.namespace)
        label = f"pod-security.kubernetes.io/enforce={profile}"
        stocked.kubectl("label", "namespace", release.namespace, label)
        made.append(release)
        return release

    yield enforcing
    for release in made:
        release.uninstall()
        stocked.kubectl("delete", "namespace", release.namespace, "--wait=false")
    stocked.kubectl(
        "delete", "crd", "balloonhosts.ballonet.dev", "balloonpolicies.ballonet.dev", "--ignore-not-found"
    )


def refusals(release: Release) -> dict[str, str]:
    """Return why pods could not be made, by the DaemonSets that wanted them."""
    failed = ("get", "events", "--field-selector", "reason=FailedCreate", "-o", "json")
    events = json.loads(release.kubectl(*failed))["items"]
    return {event["involvedObject"]["name"]: event["message"] for event in events}


def test_the_whole_release_runs_where_privileged_pods_may(enforcing: Enforcing, lab: Lab) -> None:
    lab.directory.chmod(0o755)  # As /run/libvirt is.
    release = enforcing("privileged")

    release.install(CHART, "--set", f"libvirt.socketDirectory={lab.directory}")

    assert release.series("exporter", "up") == {(): 1}
    assert len(release.ready("controller")) == 2


def test_the_controller_runs_where_pods_are_restricted(enforcing: Enforcing) -> None:
    release = enforcing("restricted")

    release.install(CHART, "--set", "exporter.enabled=false,agent.enabled=false")

    assert len(release.ready("controller")) == 2


def test_the_daemonsets_are_refused_there_with_the_reasons_that_the_documents_quote(
    enforcing: Enforcing,
) -> None:
    release = enforcing("restricted")
    release.install(CHART, "--set", "controller.enabled=false", "--wait=false")

    said = eventually(lambda: both if len(both := refusals(release)) == 2 else {}, "both are refused")

    documented = (ROOT / "docs" / "helm.md").read_text()
    for message in said.values():
        _, _, reasons = message.partition('"restricted:latest": ')
        assert [reason for reason in re.split(r"(?<=\)), ", reasons) if reason not in documented] == []
        assert "hostPath" in reasons

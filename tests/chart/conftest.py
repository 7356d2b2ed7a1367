"""A real Kubernetes API for the tests of the chart, with Ballonet's kinds and the Prometheus Operator's."""

from collections.abc import Iterator

import pytest

from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.objects import document
from ballonet_lab.kubernetes.prometheus_operator import find_operator_crds
from chart_parts import CHART

PROFILES = ("restricted", "baseline", "privileged")


def namespace(name: str, **labels: str) -> dict[str, object]:
    named = {f"pod-security.kubernetes.io/{key}": value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": named}}


@pytest.fixture(scope="session")
def api() -> Iterator[ControlPlane]:
    """A control plane in which nothing of the chart is installed but its CRDs."""
    with ControlPlane.start() as plane:
        plane.install(CHART / "crds", find_operator_crds())
        guarded = [namespace(f"{profile}-pods", enforce=profile) for profile in PROFILES]
        plain = [namespace(name) for name in ("ballonet", "memory", "monitoring")]
        plane.kubectl("apply", "-f", "-", input=document(*plain, *guarded))
        for name in ("ballonet", "memory", *(f"{profile}-pods" for profile in PROFILES)):
            wait_for_account(plane, name)
        yield plane


def wait_for_account(plane: ControlPlane, name: str) -> None:
    """Wait until a namespace has its service account, without which it takes no pods."""
    plane.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=30s")

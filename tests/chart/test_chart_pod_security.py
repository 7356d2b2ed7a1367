"""Which Pod Security profile each pod passes, as the chart's README says: the API server judges."""

from collections.abc import Iterator
from typing import Any

import pytest

from ballonet_lab import LabError
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.objects import document
from chart_parts import rendered

PASSES = {
    "ballonet-exporter": {"privileged"},
    "ballonet-agent": {"privileged"},
    "ballonet-controller": {"privileged", "baseline", "restricted"},
    "ballonet-test-scrape": {"privileged", "baseline", "restricted"},
    "ballonet-test-hosts": {"privileged", "baseline", "restricted"},
}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every pod of the chart by its name; those of workloads as the workload would make them."""
    for each in rendered():
        name = each["metadata"]["name"]
        if each["kind"] == "Pod":
            yield name, each["spec"]
        elif each["kind"] in ("DaemonSet", "Deployment"):
            yield name, each["spec"]["template"]["spec"]


PODS = dict(pods())


def refusal(api: ControlPlane, profile: str, spec: dict[str, Any]) -> str:
    """Return why a namespace that enforces this profile takes no such pod; empty where it does."""
    # The account is another admission's matter.
    spec = {key: value for key, value in spec.items() if key != "serviceAccountName"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": f"{profile}-pods"}}
    try:
        api.kubectl("apply", "--dry-run=server", "-f", "-", input=document(pod | {"spec": spec}))
    except LabError as error:
        return str(error)
    return ""


def test_every_pod_of_the_chart_is_spoken_of() -> None:
    assert PASSES.keys() == PODS.keys()


@pytest.mark.parametrize("profile", ["privileged", "baseline", "restricted"])
@pytest.mark.parametrize("name", PASSES)
def test_a_pod_passes_the_profiles_that_are_documented_and_no_others(
    api: ControlPlane, name: str, profile: str
) -> None:
    said = refusal(api, profile, PODS[name])

    assert (said == "") is (profile in PASSES[name])
    assert profile in PASSES[name] or "violates PodSecurity" in said


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        pytest.param("ballonet-exporter", ["restricted volume types"], id="exporter"),
        pytest.param(
            "ballonet-agent", ["restricted volume types", "runAsNonRoot != true", "runAsUser=0"], id="agent"
        ),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_from_restricted_is_what_the_readme_says(
    api: ControlPlane, name: str, reasons: list[str]
) -> None:
    said = refusal(api, "restricted", PODS[name])

    assert [
        reason.split(" (")[0] for reason in said.split('"restricted:latest": ')[1].split("), ")
    ] == reasons

"""What the chart makes of the values in its ci folder: looked at, linted, and judged by a real API server.

``WRITE_GOLDEN=1 make test-chart`` writes the snapshots anew; ``git diff`` shows what to look at then.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import golden
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.objects import document
from chart_parts import CASES, CHART, case_name, container, helm, leaves, rendered, snapshot

every_case = pytest.mark.parametrize("case", CASES, ids=case_name)
CLUSTER_KINDS = {
    "BalloonPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}


@every_case
def test_lint_has_nothing_to_say(case: Path) -> None:
    said = helm("lint", "--strict", str(CHART), "-f", str(case))

    assert "[ERROR]" not in said
    assert "[WARNING]" not in said


@every_case
def test_a_rendering_is_as_it_was_when_somebody_looked_at_it(case: Path) -> None:
    golden.check(f"chart/{case_name(case)}.yaml", snapshot(case))


@every_case
def test_the_api_server_takes_every_object_and_knows_every_field(case: Path, api: ControlPlane) -> None:
    objects = rendered("-f", str(case))
    # Pods that are made without a controller are refused where their account is missing.
    if accounts := [each for each in objects if each["kind"] == "ServiceAccount"]:
        api.kubectl("apply", "--server-side", "-f", "-", input=document(*accounts))

    said = api.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-", "-o", "name", input=document(*objects)
    )

    assert len(said.split()) == len(objects)


@every_case
def test_every_object_has_the_labels_and_the_namespace_of_the_release(case: Path) -> None:
    values = yaml.safe_load(case.read_text())
    # Not those of extraManifests.
    objects = [each for each in rendered("-f", str(case)) if "labels" in each["metadata"]]

    assert len(objects) >= len(rendered("-f", str(case))) - len(values.get("extraManifests", []))
    for each in objects:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "ballonet"
        assert labels["helm.sh/chart"].startswith("ballonet-")
        assert labels.items() >= values.get("commonLabels", {}).items()
        assert ("namespace" in each["metadata"]) is (each["kind"] not in CLUSTER_KINDS)


@pytest.mark.parametrize("component", ["exporter", "agent", "controller"])
def test_every_flag_is_one_of_the_program(component: str) -> None:
    program, *words = container(rendered(), component)["command"]
    known = subprocess.run(
        [Path(sys.executable).parent / program, *words, "--help"], capture_output=True, text=True, check=True
    ).stdout

    for case in CASES:
        for each in rendered("-f", str(case), "--set", "fullnameOverride=ballonet"):
            if each["metadata"]["name"] == f"ballonet-{component}" and each["kind"] in (
                "DaemonSet",
                "Deployment",
            ):
                (part,) = each["spec"]["template"]["spec"]["containers"]
                used = [argument.partition("=")[0] for argument in part["args"]]
                assert [flag for flag in used if not re.search(rf"\s{re.escape(flag)}[\s,]", known)] == []


def test_odd_characters_arrive_as_they_were_given() -> None:
    case = CHART / "ci" / "odd-characters-values.yaml"
    values = yaml.safe_load(case.read_text())
    # The name that is odd there would hide the containers from this test.
    objects = rendered("-f", str(case), "--set", "fullnameOverride=ballonet")

    given = values["exporter"]["guest"]
    arguments = [as_the_kubelet_has_it(each) for each in container(objects, "exporter")["args"]]
    assert f"--guest.include={given['include']}" in arguments
    assert f"--guest.exclude={given['exclude']}" in arguments
    assert f"--libvirt.uri={values['libvirt']['uri']}" in arguments
    found = dict(every_leaf(objects))
    for text in (values["exporter"]["podAnnotations"]["note"], *values["policies"]["1.5"]["guests"]["names"]):
        assert text in found.values()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("controller.updateStrategy.type=Recreate", id="no rolling update, but its limits"),
        pytest.param("exporter.updateStrategy.type=OnDelete", id="the same of a DaemonSet"),
        pytest.param(
            "commonLabels=null,hosts.nodeSelector=null,agent.podLabels=null,agent.podAnnotations=null,"
            "agent.updateStrategy=null,agent.resources=null", id="null, which takes a default back",
        ),
    ],
)  # fmt: skip
def test_a_change_of_one_value_leaves_objects_that_the_api_server_takes(
    given: str, api: ControlPlane
) -> None:
    objects = [each for each in rendered("--set", given) if each["kind"] in ("DaemonSet", "Deployment")]

    said = api.kubectl("apply", "--dry-run=server", "-f", "-", "-o", "name", input=document(*objects))

    assert len(said.split()) == len(objects) == 3


def test_a_release_whose_name_has_dots_makes_services_without_them() -> None:
    names = {each["metadata"]["name"] for each in rendered(release="east.2") if each["kind"] == "Service"}

    assert names == {f"east-2-ballonet-{part}" for part in ("exporter", "agent", "controller")}


def every_leaf(objects: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [leaf for number, each in enumerate(objects) for leaf in leaves(each, str(number))]


def as_the_kubelet_has_it(argument: str) -> str:
    """Replace what the kubelet replaces: $(NAME) by a variable's value, but $$ by $."""
    assert "$(" not in argument.replace("$$", "")
    return argument.replace("$$", "$")

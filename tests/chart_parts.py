"""The chart as Helm renders it, for the tests in tests/chart and whatever installs it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from ballonet_lab.kubernetes.clients import find_clients

ROOT: Final = Path(__file__).resolve().parents[1]
CHART: Final = ROOT / "charts" / "ballonet"
CASES: Final = sorted((CHART / "ci").glob("*-values.yaml"))
DEFAULT: Final = CHART / "ci" / "default-values.yaml"
_PATIENCE: Final = 120.0
# What is copied from files, whose copies have tests of their own, and would hide the rest.
_LONG: Final = 1500

Json = dict[str, Any]


def run_helm(*arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Helm with nothing of the user's own configuration."""
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig or os.devnull)}
    return subprocess.run(
        [find_clients() / "helm", *arguments],
        env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False,
    )  # fmt: skip


def helm(*arguments: str, kubeconfig: Path | None = None) -> str:
    """Return what Helm prints; that it fails is an error of the test."""
    done = run_helm(*arguments, kubeconfig=kubeconfig)
    assert done.returncode == 0, done.stderr
    return done.stdout


def complaint(*arguments: str) -> str:
    """Return what Helm complains about instead of rendering the chart with these arguments."""
    done = run_helm("template", "ballonet", str(CHART), *arguments)
    assert done.returncode != 0
    return done.stderr


def rendered(*arguments: str, namespace: str = "ballonet", release: str = "ballonet") -> list[Json]:
    """Return the objects of a release, those of its tests included."""
    text = helm("template", release, str(CHART), "--namespace", namespace, *arguments)
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(objects: list[Json], kind: str, name: str | None = None) -> Json:
    """Return the one object of that kind, and of that name where there are several."""
    (found,) = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return found


def container(objects: list[Json], component: str) -> Json:
    """Return the container of exporter, agent or controller."""
    kind = "Deployment" if component == "controller" else "DaemonSet"
    workload = of_kind(objects, kind, f"ballonet-{component}")
    (found,) = workload["spec"]["template"]["spec"]["containers"]
    return dict(found)


def notes(values: Path) -> str:
    """Return what Helm says after an installation."""
    dry = ("install", "ballonet", str(CHART), "--namespace", "ballonet", "--dry-run=client")
    return str(json.loads(helm(*dry, "-f", str(values), "-o", "json"))["info"]["notes"])


def snapshot(values: Path) -> str:
    """Return what is worth looking at of a rendering: NOTES and objects, without copies of long files."""
    said = "".join(f"# {line}".rstrip() + "\n" for line in notes(values).strip().splitlines())
    objects = [_shortened(each) for each in rendered("-f", str(values))]
    text = yaml.safe_dump_all(objects, sort_keys=False, width=115, allow_unicode=True)
    return f"{said}---\n{text}"


def _shortened(thing: Any) -> Any:
    if isinstance(thing, dict):
        dropped = {"expr", "annotations"} if {"alert", "record"} & thing.keys() else set()
        return {key: _shortened(value) for key, value in thing.items() if key not in dropped}
    if isinstance(thing, list):
        return [_shortened(each) for each in thing]
    return "(a long text)" if isinstance(thing, str) and len(thing) > _LONG else thing


def leaves(thing: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of a document that is no mapping and no list, with where it is."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from leaves(value, f"{path}/{key}")
    elif isinstance(thing, list):
        for number, value in enumerate(thing):
            yield from leaves(value, f"{path}/{number}")
    else:
        yield path, thing


def alerts(rule: Json) -> dict[str, Json]:
    """Return the alerts of a PrometheusRule by their names."""
    every = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    return {each["alert"]: each for each in every if "alert" in each}


def case_name(values: Path) -> str:
    """Return how a test is called that uses one of the ci values."""
    return re.sub(r"-values\.yaml$", "", values.name)

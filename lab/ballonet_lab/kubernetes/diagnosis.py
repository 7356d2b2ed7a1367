"""What a node's pods say of themselves, for the error of a test that waited for them in vain."""

import json
from typing import Any, Final

from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.kubectl import Kubectl

_LINES: Final = "--tail=20"


def diagnose(kubectl: Kubectl) -> str:
    """Return all pods, and of those that are not ready their descriptions and the ends of their logs."""
    parts = [_said(kubectl, "get", "pods", "-A", "-o", "wide")]
    for namespace, name in _troubled(kubectl):
        where = ("--namespace", namespace)
        parts += [
            _said(kubectl, "describe", "pod", name, *where),
            _said(kubectl, "logs", name, *where, "--all-containers", "--prefix", _LINES),
            _said(kubectl, "logs", name, *where, "--all-containers", "--prefix", "--previous", _LINES),
        ]
    return "\n".join(part for part in parts if part)


def _troubled(kubectl: Kubectl) -> list[tuple[str, str]]:
    try:
        pods = json.loads(kubectl.run("get", "pods", "-A", "-o", "json"))["items"]
    except LabError:
        return []
    return [(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in pods if not _well(pod)]


def _well(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", [])
    ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
    return ready or pod["status"].get("phase") == "Succeeded"


def _said(kubectl: Kubectl, *arguments: str) -> str:
    try:
        return kubectl.run(*arguments).strip()
    except LabError:
        return ""  # A container that never ran has no log; the rest tells more.

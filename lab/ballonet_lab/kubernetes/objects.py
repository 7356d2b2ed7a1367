"""The objects that the lab makes for others: Ballonet's namespace, accounts, nodes without a kubelet."""

import json
from collections.abc import Mapping
from typing import Any, Final

NAMESPACE: Final = "ballonet"


def namespace_object() -> dict[str, Any]:
    """Return Ballonet's namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def account_object(account: str) -> dict[str, Any]:
    """Return a service account in Ballonet's namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": account, "namespace": NAMESPACE},
    }


def node_object(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return a node that claims to be ready; no kubelet is behind it."""
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "there is none"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
        "status": {"conditions": [ready]},
    }


def pod_object(name: str, account: str, node: str) -> dict[str, Any]:
    """Return a pod that is placed on a node and never runs, for tokens to be bound to."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "nodeName": node,
            "serviceAccountName": account,
            "containers": [{"name": "never-runs", "image": "lab.invalid/none"}],
        },
    }


def pod_name(account: str, node: str) -> str:
    """Return the name of the pod of an account on a node."""
    return f"{account}-{node}"


def served_paths(crds: Mapping[str, Any]) -> list[str]:
    """Return where the objects that CRDs define are listed.

    Args:
        crds: one CRD or a list of them, as kubectl prints what it was asked for by name.
    """
    return [
        f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
        for spec in (crd["spec"] for crd in crds.get("items", [crds]))
        for version in spec["versions"]
        if version["served"]
    ]


def document(*objects: Mapping[str, Any]) -> str:
    """Return objects as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})

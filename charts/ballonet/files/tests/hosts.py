"""Asks the API server whether every agent reaches libvirt: python3 hosts.py NAMESPACE DAEMONSET."""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # Seconds; an agent tells of its host at most every 30 s.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def read(path: str) -> dict[str, Any]:
    """Return what the API server has at that path."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    token = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text().strip()}"}
    request = urllib.request.Request(f"https://{host}:{port}{path}", headers=token)
    trust = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:  # noqa: S310
        return dict(json.load(answer))


def connected(host: dict[str, Any]) -> bool:
    """Whether a BalloonHost says that its agent reaches libvirt."""
    conditions = host.get("status", {}).get("conditions", [])
    return any(each["type"] == "HypervisorConnected" and each["status"] == "True" for each in conditions)


def complaint(namespace: str, name: str) -> str:
    """Return what is wrong; empty for nothing."""
    daemonset = read(f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}")
    wanted = daemonset["status"]["desiredNumberScheduled"]
    hosts = read("/apis/ballonet.dev/v1alpha1/balloonhosts")["items"]
    good = sorted(host["metadata"]["name"] for host in hosts if connected(host))
    bad = sorted(host["metadata"]["name"] for host in hosts if not connected(host))
    print(f"agents wanted: {wanted}; connected to libvirt: {', '.join(good) or 'none'}")
    if not wanted:
        return "no node is selected by hosts.nodeSelector, or none of those selected is free of taints"
    if bad:
        return f"not connected to libvirt: {', '.join(bad)}"
    return "" if len(good) >= wanted else f"{wanted - len(good)} agents have not told of their host yet"


def main() -> int:
    """Ask until all is well."""
    end = time.monotonic() + PATIENCE
    while problem := complaint(*sys.argv[1:]):
        if time.monotonic() > end:
            print(problem)
            return 1
        time.sleep(2)
    return 0


if __name__ == "__main__":
    sys.exit(main())

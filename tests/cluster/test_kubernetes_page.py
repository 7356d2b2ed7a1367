"""What docs/kubernetes.md shows without Helm is run as it stands there, on a real API server and a guest."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ballonet.quantity import GIB
from ballonet_lab import GuestSpec, Lab
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.clients import find_clients

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(?P<text>kubectl apply --server-side.*?)^```$", re.MULTILINE | re.DOTALL)
POLICY = ROOT / "crds/examples/all-guests.yaml"
# What the page's reader does next.
NEXT = """
kubectl apply -f policy.yaml
kubectl wait --for=condition=Ready balloonpolicy/all-guests
kubectl get balloonpolicies,balloonhosts
"""


def block() -> str:
    found = BLOCK.search((ROOT / "docs/kubernetes.md").read_text())
    assert found is not None
    return found["text"]


def test_what_the_page_shows_without_helm_works(lab: Lab, tmp_path: Path) -> None:
    for name in ("crds", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(POLICY, tmp_path / "policy.yaml")
    lab.guests([GuestSpec(name="web-1", maximum=GIB)])
    with ControlPlane.start() as plane:
        plane.add_node("kvm-1")
        environment = {
            **os.environ,
            "KUBECONFIG": str(plane.kubeconfig),
            "PATH": os.pathsep.join(
                (str(find_clients()), str(Path(sys.executable).parent), os.environ["PATH"])
            ),
            "NODE": "kvm-1",
            "BALLONET_LIBVIRT__URI": lab.uri,
            "BALLONET_WEB__LISTEN_ADDRESS": "127.0.0.1:0",
            "RUNTIME_DIRECTORY": str(tmp_path),
        }
        script = f"trap 'kill $(jobs -p); wait' EXIT\nset -e\n{block()}{NEXT}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert re.search(r"^balloonpolicy\S*/all-guests +Enforce.* True ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^balloonhost\S*/kvm-1 +True ", done.stdout, re.MULTILINE), done.stdout
    assert "Traceback" not in done.stderr

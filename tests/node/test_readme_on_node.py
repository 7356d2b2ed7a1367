"""What the README shows on Kubernetes is run as it stands there, on a real node and real guests.

Only the registry is replaced, because the node has the image already, and libvirt's directory is the lab's.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet.quantity import GIB
from ballonet_lab import GuestSpec, Lab
from ballonet_lab.kubernetes import Node
from ballonet_lab.kubernetes.clients import find_clients

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
INSTALL = re.compile(r"^helm install .*$", re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(?P<text>helm test .*?)^```$", re.MULTILINE | re.DOTALL)
POLICY = re.compile(r"^cat >policies/web.yaml <<'END'\n(?P<text>.*?)^END$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def bare(stocked: Node) -> Iterator[Node]:
    """The node; what the README's reader has made on it is removed."""
    yield stocked
    stocked.helm("uninstall", "ballonet", "--namespace", "ballonet", "--wait", "--ignore-not-found")
    stocked.kubectl("delete", "namespace", "ballonet", "--ignore-not-found")
    crds = ("balloonhosts.ballonet.dev", "balloonpolicies.ballonet.dev")
    stocked.kubectl("delete", "crd", *crds, "--ignore-not-found")


def found(pattern: re.Pattern[str], text: str = README) -> str:
    match = pattern.search(text)
    assert match is not None
    return match[match.lastgroup or 0]


def test_what_the_readme_shows_on_kubernetes_works(bare: Node, lab: Lab, tmp_path: Path) -> None:
    lab.directory.chmod(0o755)  # As /run/libvirt is.
    lab.guests([GuestSpec(name="web-1", maximum=GIB)])
    (tmp_path / "charts").symlink_to(ROOT / "charts")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "web.yaml").write_text(found(POLICY))
    own = f"localhost --timeout 90s --set libvirt.socketDirectory={lab.directory}"
    script = "\n".join([found(INSTALL).replace("registry.example.org", own), found(BLOCK)])
    path = os.pathsep.join((str(find_clients()), str(Path(sys.executable).parent), os.environ["PATH"]))

    said = bare.run(
        "env", f"KUBECONFIG={bare.kubeconfig}", f"PATH={path}", "bash", "-euc", f"cd {tmp_path}\n{script}"
    )

    assert "Phase:          Failed" not in said
    assert re.search(r"^balloonpolicy\S*/web +Enforce +0 +1 +1 .* True ", said, re.MULTILINE), said
    assert re.search(rf"^balloonhost\S*/{bare.name} +True ", said, re.MULTILINE), said

"""What the runbooks tell people to type about a guest is typed here, on a real one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alert_rules import ROOT, blocks
from ballonet.quantity import GIB
from ballonet_lab import GuestSpec, Lab

POLICY = """
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec: {memory: {floor: 256Mi}}
"""
# These ask Kubernetes, which the tests in tests/cluster have.
ELSEWHERE = ("ballonet hosts", "ballonet policies", "ballonet policy explain")


def commands() -> list[str]:
    """Return every command for ballonet or virsh that stands in a runbook, each once."""
    pages = sorted((ROOT / "docs/runbooks").glob("*.md"))
    lines = {line for page in pages for text in blocks(page, "sh") for line in text.splitlines()}
    return sorted(
        line for line in lines if re.match("(ballonet|virsh) ", line) and not line.startswith(ELSEWHERE)
    )


@pytest.fixture(scope="module")
def environment(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lab.guests([GuestSpec(name="web-1", maximum=GIB, persistent=True)])
    policies = tmp_path_factory.mktemp("policies")
    (policies / "all.yaml").write_text(POLICY)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LIBVIRT_DEFAULT_URI": lab.uri, "POLICIES": str(policies)}


@pytest.mark.parametrize("command", commands())
def test_it_works_as_it_is_written(command: str, environment: dict[str, str]) -> None:
    typed = re.sub(r"\bGUEST\b", "web-1", command)
    typed = re.sub(r"\bSIZE\b", "900MiB", typed)
    typed = typed.replace("/etc/ballonet/policies", environment["POLICIES"])
    typed = typed.replace("qemu:///system", environment["LIBVIRT_DEFAULT_URI"])

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_there_are_commands_of_both_kinds() -> None:
    assert {command.split()[0] for command in commands()} == {"ballonet", "virsh"}
    assert len(commands()) > 12

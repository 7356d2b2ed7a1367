"""``ballonet-operator`` as a program: what cannot be used is one line and exit code 2."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("ballonet-operator")


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )


POLICIES = ["agent", "--policies", "."]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], ": no part is named: write ballonet-operator agent or ballonet-operator controller; "),
        (
            ["agnet"],
            ": 'agnet' is no part of it: write ballonet-operator agent or ballonet-operator controller; ",
        ),
        (
            ["agent", "--node-name", "Kvm_1"],
            ": node-name: 'Kvm_1' is not the name of a Node: small letters, digits, - and . are allowed; ",
        ),
        (["agent", "--node-name", "kvm-1."], ": node-name: 'kvm-1.' is not the name of a Node: "),
        (["agent", "--node-name", "kvm..1"], ": node-name: 'kvm..1' is not the name of a Node: "),
        (["agent", "--node-name", "kvm-1,a=b"], ": node-name: 'kvm-1,a=b' is not the name of a Node: "),
        (["agent", "--node-name", ""], ": node-name: "),
        (
            [*POLICIES, "--kubernetes.relist-interval", "1m"],
            ": --kubernetes.relist-interval is given without --node-name: ",
        ),
        (
            [*POLICIES, "--kubernetes.kubeconfig", "/nowhere"],
            ": --kubernetes.kubeconfig is given without --node-name: ",
        ),
        (["agent"], ": no policies: write --policies DIR, or --node-name NAME on Kubernetes"),
        (["agent", "--policies", ""], ": policies: '': is empty: name a directory"),
        ([*POLICIES, "--node-name", "kvm-1"], ": --policies and --node-name are both given: "),
        (
            ["agent", "--node-name", "kvm-1", "--host.name", "kvm-2"],
            ": --host.name and --node-name are both given: on Kubernetes a host is its Node: remove one",
        ),
        (
            ["agent", "--node-name", "kvm-1", "--kubernetes.kubeconfig", "/nowhere"],
            ": /nowhere: there is no such kubeconfig: name the file that kubectl uses for the cluster",
        ),
        (
            [*POLICIES, "--interval", "soon"],
            ": interval: 'soon' is not a duration: write for example 2s or 500ms",
        ),
        ([*POLICIES, "--interval", "1ms"], ": interval: '1ms': input should be greater than or equal to 0.5"),
        ([*POLICIES, "--host.budget", "8"], ": host.budget: '8' is only 8 bytes: write a size such as 8Gi"),
        ([*POLICIES, "--on-exit", "drop"], ": on-exit: 'drop': input should be 'keep' or 'release'"),
        (
            [*POLICIES, "--speed", "9"],
            ": unrecognized arguments: --speed 9; ballonet-operator agent --help lists",
        ),
        (
            ["agent", "--policies", "/nowhere"],
            ": /nowhere: the policies cannot be read: No such file or directory",
        ),
    ],
    ids=lambda value: (" ".join(value) or "nothing") if isinstance(value, list) else "",
)
def test_unusable_input_is_one_line_and_exit_code_2(arguments: list[str], line: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.replace(" agent: error", ": error").startswith(f"ballonet-operator: error{line}")


def test_variables_are_flags(tmp_path: Path) -> None:
    done = run("agent", environment={"BALLONET_POLICIES": str(tmp_path / "missing")})
    assert done.returncode == 2
    assert f"{tmp_path}/missing: the policies cannot be read" in done.stderr


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(
            "agent",
            "--policies",
            str(tmp_path),
            "--web.listen-address",
            address,
            environment={"RUNTIME_DIRECTORY": str(tmp_path)},
        )
    assert done.returncode == 2
    assert f"web.listen-address: cannot listen on {address}: Address already in use" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["agent", "--help"]], ids=" ".join)
def test_help_is_printed(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ballonet-operator")


def test_help_names_what_a_flag_takes() -> None:
    done = run("agent", "--help")
    assert all(
        flag in done.stdout for flag in ("--policies DIR ", "--host.budget SIZE ", "--interval DURATION ")
    )


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == run("agent", "--version").stdout.replace(" agent", "")

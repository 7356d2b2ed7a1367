"""The lab's node: what the tests that use it rely on."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ballonet_lab import LabError, eventually
from ballonet_lab.cleanup import lab_processes
from ballonet_lab.kubernetes import Node
from ballonet_lab.kubernetes.oci import BUSYBOX

# kube-proxy learns of a Service by and by.
PATIENTLY = ("--retry", "20", "--retry-delay", "1", "--retry-connrefused", "--connect-timeout", "1")
START_AND_WAIT = """\
import sys
from ballonet_lab.kubernetes import Node
with Node.start() as node:
    node.kubectl("run", "sleeper", "--image", sys.argv[1], "--restart=Never", "--", "-c", "sleep 1000")
    node.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/sleeper")
    print(node.directory, flush=True)
    sys.stdin.read()
"""


def pod(name: str, command: str, **spec: Any) -> str:
    container = {"name": "main", "image": BUSYBOX, "command": ["sh", "-c", command], **spec}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
        }
    )


@pytest.fixture
def web(node: Node) -> Iterator[str]:
    """A pod that serves one file, and its Service."""
    command = "mkdir /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www"
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    node.kubectl("apply", "-f", "-", input=pod("web", command, readinessProbe=probe))
    node.kubectl("expose", "pod", "web", "--port=80", "--target-port=8080")
    node.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/web")
    yield "web"
    node.kubectl("delete", "pod,service", "web", "--now")


def test_a_pod_runs_is_reached_and_says_what_it_does(node: Node, web: str) -> None:
    address = node.kubectl("get", "pod", web, "-o", "jsonpath={.status.podIP}")
    service = node.kubectl("get", "service", web, "-o", "jsonpath={.spec.clusterIP}")

    assert node.run("curl", "-sf", f"http://{address}:8080/") == "hello\n"
    assert node.run("curl", "-sf", *PATIENTLY, f"http://{service}/") == "hello\n"
    assert node.kubectl("exec", web, "--", "cat", "/www/index.html") == "hello\n"
    assert node.kubectl("get", "pod", web, "-o", "jsonpath={.spec.nodeName}") == node.name


def test_helm_that_waits_in_vain_tells_how_the_pods_are(node: Node, tmp_path: Path) -> None:
    chart = tmp_path / "broken"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: broken, version: 0.0.1}")
    never = {"exec": {"command": ["false"]}}
    (chart / "templates" / "pod.yaml").write_text(
        pod("broken", "echo the reason; sleep 1000", readinessProbe=never)
    )

    with pytest.raises(LabError, match=r"(?s)broken +0/1 +Running.*Readiness: +exec.*the reason"):
        node.helm("install", "broken", str(chart), "--wait", "--timeout=5s")
    node.helm("uninstall", "broken", "--wait")


def interfaces() -> list[str]:
    return sorted(entry.name for entry in Path("/sys/class/net").iterdir())


def kernel_settings() -> dict[str, str]:
    names = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")
    return {name: (Path("/proc/sys") / name).read_text() for name in names}


def cgroups(name: str) -> list[Path]:
    return [*Path("/sys/fs/cgroup").glob(name), *Path("/sys/fs/cgroup").glob(f"*/{name}")]


@pytest.mark.parametrize(
    "end", [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGINT, id="interrupted")]
)
def test_nothing_is_left_when_the_process_that_started_it_is(end: signal.Signals) -> None:
    before = (interfaces(), kernel_settings(), rules())
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, BUSYBOX],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        directory = Path(owner.stdout.readline().strip())
        within = (len(lab_processes(directory)), kernel_settings(), bool(cgroups(directory.name)))

        os.kill(owner.pid, end)
        owner.wait(30)

    assert within == (4, before[1], True)
    eventually(lambda: not directory.exists(), "the node's directory is gone")
    assert lab_processes(directory) == []
    assert cgroups(directory.name) == []
    assert directory.name not in Path("/proc/self/mounts").read_text()
    assert (interfaces(), kernel_settings(), rules()) == before


def rules() -> str:
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"(?m)^#.*\n|\[\d+:\d+\]", "", saved)


def test_the_command_runs_one_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "ballonet_lab", "node"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        export, example = program.stdout.readline().strip(), program.stdout.readline().strip()
        answer = subprocess.run(
            ["bash", "-c", f"{export}; {example}; {example.replace('get pods', 'get nodes')}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 0

    assert " Ready " in answer.stdout

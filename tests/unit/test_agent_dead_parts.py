"""An agent on Kubernetes that loses one of its threads to an error which nobody foresaw."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ballonet_operator.cluster import Cluster
from ballonet_operator.settings import AgentKubernetes
from ballonet_operator.watch import Watch

BROKEN = """
import sys
import {module} as module
module.{part} = None
from ballonet_operator.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Credentials for an API server that nobody runs."""
    file = tmp_path / "kubeconfig"
    entries = {
        "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "x", "user": {"token": "none"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "current-context": "x",
    }
    file.write_text(json.dumps(entries))
    return file


@pytest.mark.parametrize(
    ("module", "part", "dead"),
    [
        ("ballonet_operator.watch_link", "WatchLink.begin", "watch"),
        ("ballonet_operator.relist", "Relist._rest", "lists"),
        ("ballonet_operator.node.reporter", "HostReporter._attempt", "host status"),
    ],
    ids=["watch", "lists", "host status"],
)
def test_an_agent_that_loses_a_thread_says_so_and_ends_as_failed(
    module: str, part: str, dead: str, kubeconfig: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable, "-c", BROKEN.format(module=module, part=part),
            "agent", "--node-name", "kvm-1", "--kubernetes.kubeconfig", str(kubeconfig),
            "--libvirt.uri", "test:///default", "--log.format", "json", "--web.listen-address", "127.0.0.1:0",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (said,) = (line for line in lines if line["msg"] == "a part ended by itself, ending the agent")
    assert (said["parts"], done.returncode) == (dead, 1)
    assert lines[-1]["msg"] == "agent stopped"


def test_an_agent_that_does_not_ask_for_alerts_any_more_ends_as_failed(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-c", BROKEN.format(module="ballonet_operator.alerts.poller", part="Poller._run"),
            "agent", "--policies", str(tmp_path), "--alertmanager.url", "http://127.0.0.1:9",
            "--libvirt.uri", "test:///default", "--log.format", "json", "--web.listen-address", "127.0.0.1:0",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    assert '"parts": "alerts"' in done.stderr
    assert done.returncode == 1


def test_all_parts_live_while_the_api_server_is_away(kubeconfig: Path) -> None:
    cluster = Cluster("kvm-1", AgentKubernetes(kubeconfig=kubeconfig))
    assert cluster.dead() == ("watch", "lists", "host status")
    cluster.start()
    assert cluster.dead() == ()
    cluster.stop()


@pytest.mark.parametrize(("connected", "level"), [(True, "WARNING"), (False, "INFO")], ids=["open", "lost"])
def test_a_node_that_is_not_there_is_worth_a_warning_and_one_that_could_not_be_seen_is_not(
    *,
    connected: bool,
    level: str,
    kubeconfig: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(Watch, "connected", lambda _: connected)
    cluster = Cluster("kvm-1", AgentKubernetes(kubeconfig=kubeconfig))
    cluster._policies.inventory.heal([])
    page = cluster.look()
    (line,) = caplog.records
    assert (line.levelname, line.getMessage()) == (level, "no guest is moved yet")
    assert vars(line)["waiting_for"] == page.waiting
    assert ("kubectl get nodes" in page.waiting) is connected

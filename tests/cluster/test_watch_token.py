"""A watch whose service account's token is replaced while it is open."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes.config.incluster_config import InClusterConfigLoader

from ballonet.api_kinds import NODES
from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator.node.own_node import OwnNode
from ballonet_operator.watch import Subscription, Watch
from cluster_agent import prepare

AGENT = "ballonet-agent"


@pytest.fixture
def in_pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, ControlPlane], Path]:
    """Lets this process believe that it runs in a pod, whose token is read anew whenever it is used."""

    def enter(server: str, plane: ControlPlane) -> Path:
        address, token = urlsplit(server), tmp_path / "token"
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
        found = next(plane.directory.rglob("ca.crt"))
        monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(token))
        monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(found))
        usual = InClusterConfigLoader.__init__

        def hasty(loader: Any, *arguments: Any, **more: Any) -> None:
            usual(loader, *arguments, **more)  # type: ignore[no-untyped-call]
            loader._token_refresh_period = timedelta()

        monkeypatch.setattr(InClusterConfigLoader, "__init__", hasty)
        return token

    return enter


def refused(server: ApiServer, node: str) -> bool:
    try:
        server.get(NODES, node)
    except ApiServerRefused as error:
        return error.code == 401
    return False


def replace(file: Path, text: str) -> None:
    """Replace a file as the kubelet does."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, file)  # noqa: PTH105


def test_a_replaced_token_is_used_by_the_next_request(
    control_plane: ControlPlane, in_pod: Callable[[str, ControlPlane], Path], caplog: pytest.LogCaptureFixture
) -> None:
    plane = prepare(control_plane)
    caplog.set_level("INFO")
    for node in ("first", "second"):
        plane.add_node(node)
    first, second = (plane.token(AGENT, node=node) for node in ("first", "second"))
    own = OwnNode("first")
    with Wire.to(plane.server) as wire:
        token = in_pod(wire.server, plane)
        replace(token, first)
        selector = "metadata.name=first"
        watch = Watch(
            ApiServer(), [Subscription(kind=NODES, seen=own.seen, gone=own.gone, field_selector=selector)]
        )
        watch.start()
        eventually(lambda: own.labels() is not None, "the watch is open")
        replace(token, second)
        plane.kubectl(
            "delete",
            "pods",
            "--namespace",
            "ballonet",
            "-l",
            "!absent",
            "--field-selector",
            "spec.nodeName=first",
            "--force",
            "--grace-period=0",
        )
        old = ApiServer(plane.kubeconfig_of(first))
        eventually(lambda: refused(old, "first"), "the old token is worth nothing", within=60)
        wire.cut()
        wire.mend()
        plane.add_node("first", {"zone": "new"})
        eventually(lambda: ("zone", "new") in (own.labels() or ()), "the change is seen", within=40)
        watch.stop()
    assert "401" not in caplog.text

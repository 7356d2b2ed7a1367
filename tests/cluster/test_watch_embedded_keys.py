"""A real API server, reached by a kubeconfig that embeds its certificates and its key."""

from pathlib import Path

import pytest

from ballonet.api_kinds import NODES
from ballonet.apiserver import ApiServer
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane
from ballonet_operator.watch import Subscription, Watch


def test_lists_and_watches_use_keys_that_are_in_memory(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    file = tmp_path / "kubeconfig"
    file.write_text(control_plane.kubectl("config", "view", "--flatten", "--raw"))
    assert "client-key-data" in file.read_text()
    server = ApiServer(file)
    control_plane.add_node("kvm-1")
    assert [each["metadata"]["name"] for each in server.list(NODES)] == ["kvm-1"]
    seen: list[str] = []
    watch = Watch(
        server,
        [
            Subscription(
                kind=NODES, seen=lambda thing: seen.append(thing["metadata"]["name"]), gone=lambda _: None
            )
        ],
    )
    watch.start()
    eventually(lambda: seen == ["kvm-1"], "the watch tells of the node")
    watch.stop()
    assert list((tmp_path / "runtime").iterdir()) == []

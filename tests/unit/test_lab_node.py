"""How the lab's node is configured, and how its control groups come and go, as far as no node is needed."""

import json
import tarfile
import threading
import tomllib
from pathlib import Path

import pytest
import yaml

from ballonet_lab import LabError, cgroups
from ballonet_lab.cgroups import make_cgroups, remove_cgroups
from ballonet_lab.kubernetes.node_arguments import node_arguments, node_layout
from ballonet_lab.kubernetes.node_files import containerd_settings, kubelet_settings, network_settings
from ballonet_lab.kubernetes.oci import write_image

HOME = Path("/tmp/ballonet-node-1")


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A stand-in for /sys/fs/cgroup of version 1, with a hierarchy of version 2 that has no controllers."""
    for name in ("cpu", "memory", "unified"):
        (tmp_path / name).mkdir()
    (tmp_path / "unified" / "cgroup.controllers").write_text("\n")
    return tmp_path


@pytest.fixture
def second_version(tmp_path: Path) -> Path:
    """A stand-in for /sys/fs/cgroup of version 2, where the machine's services have groups as well."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    (tmp_path / "system.slice").mkdir()
    return tmp_path


def groups(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_dir())


def test_control_groups_of_version_1_are_made_in_each_hierarchy_and_removed(first_version: Path) -> None:
    before = groups(first_version)

    make_cgroups("node", first_version)
    (first_version / "memory" / "node" / "kubepods" / "pod").mkdir(parents=True)

    assert {"cpu/node", "memory/node", "unified/node"} <= set(groups(first_version))
    remove_cgroups("node", first_version)
    assert groups(first_version) == before


def test_of_version_2_there_is_one_group_which_offers_every_controller(second_version: Path) -> None:
    make_cgroups("node", second_version)

    assert groups(second_version) == ["node", "system.slice"]
    # The kernel adds what is written; in this stand-in the last one is left.
    assert (second_version / "cgroup.subtree_control").read_text() == "+pids"
    remove_cgroups("node", second_version)
    assert groups(second_version) == ["system.slice"]


def test_a_group_whose_processes_are_still_dying_is_waited_for(first_version: Path) -> None:
    make_cgroups("node", first_version)
    busy = first_version / "memory" / "node" / "tasks"  # A directory with a file in it cannot be removed.
    busy.write_text("1\n")

    over = threading.Timer(0.1, busy.unlink)
    over.start()
    remove_cgroups("node", first_version)
    over.join()

    assert not (first_version / "memory" / "node").exists()


def test_a_group_that_stays_in_use_is_named(first_version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_PATIENCE", 0.05)
    make_cgroups("node", first_version)
    (first_version / "memory" / "node" / "tasks").write_text("1\n")

    with pytest.raises(LabError, match=r"memory/node is still in use"):
        remove_cgroups("node", first_version)


def test_containerd_and_the_kubelet_are_told_the_same() -> None:
    runtime = tomllib.loads(containerd_settings(HOME))
    kubelet = yaml.safe_load(kubelet_settings(HOME))

    assert kubelet["containerRuntimeEndpoint"] == f"unix://{runtime['grpc']['address']}"
    cri = runtime["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False
    assert kubelet["cgroupDriver"] == "cgroupfs"
    assert kubelet["cgroupRoot"] == f"/{HOME.name}"
    assert cri["cni"]["conf_dir"] == f"{HOME}/cni"
    assert json.loads(network_settings(HOME))["plugins"][0]["ipam"]["dataDir"].startswith(f"{HOME}/")


def test_every_file_of_a_nodes_servers_lies_in_its_directory() -> None:
    words = [word for arguments in node_arguments(node_layout(HOME)).values() for word in arguments]
    files = [word.partition("=")[2] for word in words if word.partition("=")[2].startswith("/")]

    assert len(files) > 15
    assert all(file.startswith(f"{HOME}/") for file in files)


def test_equal_files_make_equal_images(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hello").write_text("hello\n")
    (tmp_path / "second" / "hello").touch()

    made = [
        write_image(tmp_path / f"{name}.tar", "lab.local/hello:1", tmp_path / name, ["/hello"])
        for name in ("first", "second")
    ]

    assert made[0].read_bytes() == made[1].read_bytes()
    with tarfile.open(made[0]) as archive:
        listed = archive.extractfile("index.json")
        assert listed is not None
        (entry,) = json.load(listed)["manifests"]
        assert entry["annotations"]["io.containerd.image.name"] == "lab.local/hello:1"
        assert f"blobs/{entry['digest'].replace(':', '/')}" in archive.getnames()

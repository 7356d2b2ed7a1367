"""What the image holds, and what it says of itself."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from ballonet_lab.container import Image, contained, copy_context, rebuild_image
from ballonet_lab.container.build import ROOT

# The first test may have to build the image, and Debian before it.
pytestmark = pytest.mark.timeout(900)

# What is aimed at; 3 % more may come with Debian's updates.
LARGEST = 160_000_000 * 1.03

# Imports every module of every program, and names what of that has no bytecode.
IMPORTS = """
import importlib, json, os, pkgutil, sys
for name in ("ballonet", "ballonet_cli", "ballonet_exporter", "ballonet_operator"):
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        importlib.import_module(module.name)
import kopf, kubernetes
loaded = [module for module in list(sys.modules.values())
          if module.__spec__ and module.__spec__.has_location and module.__spec__.cached]
slow = [module.__name__ for module in loaded if not os.path.exists(module.__spec__.cached)]
json.dump([slow, len(loaded)], sys.stdout)
"""


def inside(image: Image, *command: str) -> str:
    with contained(image, *command) as container:
        output, complaint = container.process.communicate(timeout=60)
        assert container.process.returncode == 0, complaint
    return output


def files(image: Image) -> set[Path]:
    return {file.relative_to(image.root) for file in image.root.rglob("*") if not file.is_dir()}


def packages(image: Image) -> bytes:
    return (image.root / "var/lib/dpkg/status").read_bytes()


def test_its_labels_say_what_it_is_and_what_it_was_made_from(image: Image) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "org.opencontainers.image."

    assert {name: value for name, value in image.config["Labels"].items() if name.startswith(prefix)} == {
        f"{prefix}title": "Ballonet",
        f"{prefix}description": "Memory ballooning for KVM hosts: exporter, agent, controller, command line",
        f"{prefix}licenses": project["license"],
        f"{prefix}source": "https://github.com/ballonet/ballonet",
        f"{prefix}base.name": "docker.io/library/debian:trixie-slim",
        f"{prefix}version": project["version"],
        f"{prefix}revision": "tests",
        f"{prefix}created": "2026-01-01T00:00:00Z",
    }


def test_it_starts_nothing_by_itself_and_runs_as_nobody_without_a_shell(image: Image) -> None:
    assert image.config["User"] == "65534:65534"
    assert image.config["Cmd"] == ["ballonet", "--help"]
    assert not image.config.get("Entrypoint")
    assert inside(image, *image.config["Cmd"]).startswith("Usage: ballonet")


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("**/bin/*gcc*", id="a compiler"),
        pytest.param("**/bin/*strip", id="binutils"),
        pytest.param("**/pip/**/*", id="pip"),
        pytest.param("**/*hatchling*", id="what builds wheels"),
        pytest.param("**/_pytest/*", id="pytest"),
        pytest.param("**/tests/*", id="tests of what is used"),
        pytest.param("**/kubernetes/aio/*", id="a second client of Kubernetes"),
        pytest.param("var/lib/apt/lists/*", id="apt's lists"),
        pytest.param("var/cache/apt/**/*.*", id="apt's packages"),
        pytest.param("var/log/**/*", id="logs"),
        pytest.param("usr/share/man/**/*", id="manuals"),
        pytest.param("**/ballonet_lab/kubernetes/*", id="the lab's own Kubernetes"),
        pytest.param("source/**/*", id="sources"),
        pytest.param("dev/*", id="devices, which only root could unpack"),
    ],
)
def test_it_does_not_hold(image: Image, pattern: str) -> None:
    assert [file for file in image.root.glob(pattern) if not file.is_dir()] == []


def test_it_is_small(image: Image) -> None:
    sizes = {file.stat().st_ino: file.stat().st_size for file in map(image.root.joinpath, files(image))
             if not file.is_symlink()}  # fmt: skip

    assert sum(sizes.values()) <= LARGEST


def test_every_module_is_there_and_compiled(image: Image) -> None:
    slow, loaded = json.loads(inside(image, "python3", "-c", IMPORTS))

    assert loaded > 900
    assert slow == []


def test_nobody_can_change_it(image: Image) -> None:
    owners = {(file.lstat().st_uid, file.lstat().st_mode & 0o002) for file in image.root.rglob("opt/**/*")
              if not file.is_symlink()}  # fmt: skip

    assert owners == {(0, 0)}


def test_a_second_build_from_the_very_beginning_gives_the_same_digest(image: Image, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    copy_context(ROOT, sources)
    for file in sources.rglob("*"):  # As in another checkout, made at another time under another umask.
        file.chmod(0o700 if file.is_dir() else 0o600)
        os.utime(file, (0, 0))

    first = image
    rebuild_image(sources, tmp_path / "second.tar")
    second = Image.unpack(tmp_path / "second.tar")
    if packages(first) != packages(second):  # Debian has published an update since the first was built.
        rebuild_image(sources, tmp_path / "third.tar")
        first = Image.unpack(tmp_path / "third.tar")

    assert second.digest == first.digest

"""The source distribution and the wheel: what they hold, and whether an index would take them."""

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

from built_packages import ROOT, Built

BIN = Path(sys.executable).parent
PACKAGES = {"ballonet", "ballonet_cli", "ballonet_exporter", "ballonet_lab", "ballonet_operator"}


def kept_by_git() -> set[str]:
    """Return the files of the checkout, those to be committed included, those to be ignored not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


def sums(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {file.filename: file.CRC for file in archive.infolist()}


def test_the_source_distribution_holds_what_git_keeps_and_nothing_else(built: Built) -> None:
    with tarfile.open(built.source) as archive:
        held = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}

    assert held == kept_by_git() | {"PKG-INFO"}


def test_the_wheel_made_from_it_is_the_one_made_from_the_checkout(built: Built, tmp_path: Path) -> None:
    build = [str(BIN / "hatchling"), "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, timeout=60)
    (direct,) = tmp_path.glob("*.whl")

    assert sums(built.wheel) == sums(direct)


def test_the_wheel_holds_the_five_packages_with_their_types_and_the_licence(built: Built) -> None:
    held = set(sums(built.wheel))
    (metadata,) = {name.partition("/")[0] for name in held if ".dist-info/" in name}

    assert {name.partition("/")[0] for name in held} == PACKAGES | {metadata}
    assert {f"{package}/py.typed" for package in PACKAGES} | {f"{metadata}/licenses/LICENSE"} <= held
    assert {"ballonet/web/style.css", "ballonet_lab/init.sh", "ballonet_lab/load.sh"} <= held


def test_the_wheel_tells_its_commands_extras_and_licence(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        (folder,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        commands = archive.read(f"{folder}/entry_points.txt").decode()

    assert metadata.get_all("Provides-Extra") == ["all", "cli", "operator"]
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert [line.partition(" =")[0] for line in commands.splitlines()[1:]] == [
        "ballonet",
        "ballonet-exporter",
        "ballonet-operator",
    ]


def test_an_index_takes_both(built: Built) -> None:
    check = [str(BIN / "twine"), "check", "--strict", str(built.source), str(built.wheel)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr

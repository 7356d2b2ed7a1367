"""What Ballonet depends on: declared, explained, locked."""

import re
import sys
from pathlib import Path
from typing import Final

import pytest
from packaging.utils import canonicalize_name

import dependency_table
from dependency_table import Direct

ROOT = Path(__file__).resolve().parents[2]
OURS = {"ballonet", "ballonet_cli", "ballonet_exporter", "ballonet_lab", "ballonet_operator"}
MODULES: Final = {"libvirt-python": "libvirt", "PyYAML": "yaml"}
COMPANIONS: Final = {"pydantic_core"}  # It comes with pydantic, which fixes its version.
FROM_DEBIAN: Final = "libvirt-python"  # It has to fit the libvirt library beside it.
PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+) \\\n(?P<hashes>(?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)

RUNTIME = [pytest.param(each, id=each.name) for each in dependency_table.runtime()]


def lock() -> str:
    return (ROOT / "requirements.lock").read_text()


def pins() -> dict[str, str]:
    return {match["name"]: match["version"] for match in PIN.finditer(lock())}


def test_whatever_the_packages_import_is_a_dependency() -> None:
    declared = {MODULES.get(each.name, each.name.replace("-", "_")) for each in dependency_table.runtime()}

    assert set(dependency_table.imports()) - set(sys.stdlib_module_names) - OURS - COMPANIONS == declared


@pytest.mark.parametrize("table", ["runtime", "tools"])
def test_every_package_is_explained_and_no_other(table: str) -> None:
    packages = dependency_table.runtime() if table == "runtime" else dependency_table.tools()

    assert set(dependency_table.reasons(table)) == {each.name for each in packages}


@pytest.mark.parametrize("package", RUNTIME)
def test_a_recorded_size_is_about_that_of_what_is_installed(package: Direct) -> None:
    recorded = dependency_table.reasons("runtime")[package.name]["megabytes"]

    assert dependency_table.megabytes(package.name) == pytest.approx(recorded, rel=0.25, abs=0.5)


@pytest.mark.parametrize("package", [each for each in RUNTIME if each.id != FROM_DEBIAN])
def test_a_dependency_is_locked_within_its_range(package: Direct) -> None:
    version = pins()[canonicalize_name(package.name)]

    assert package.requirement.specifier.contains(version)


def test_every_locked_package_has_hashes_and_the_lock_holds_nothing_else() -> None:
    comments = re.compile(r"^#.*\n", re.MULTILINE)
    hashes = [line for match in PIN.finditer(lock()) for line in match["hashes"].splitlines()]

    assert PIN.sub("", comments.sub("", lock())) == ""
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in hashes)
    assert len(pins()) > len(RUNTIME)


def test_the_bindings_of_libvirt_are_left_to_the_distribution() -> None:
    assert FROM_DEBIAN not in pins()
    assert "ballonet" not in pins()

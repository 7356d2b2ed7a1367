"""The units leave open no more than the documents say, and `make install` puts all into its place."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet_lab.packages import find_program

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy/systemd"
SERVICES = ("ballonet-exporter.service", "ballonet-agent.service")
PATIENCE = 240


def exposure(unit: Path) -> float:
    words = [find_program("systemd-analyze"), "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return float(re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)[0])


@pytest.mark.parametrize(("unit", "aim"), [(SERVICES[0], 1.5), (SERVICES[1], 3.0)])
def test_a_service_is_as_closed_as_the_document_says(unit: str, aim: float) -> None:
    (figure,) = re.findall(
        rf"^\| `{unit}` \| ([\d.]+) \|", (ROOT / "docs/systemd.md").read_text(), re.MULTILINE
    )
    # Versions of systemd judge a little differently.
    assert exposure(UNITS / unit) <= float(figure) + 0.1
    assert float(figure) <= aim


def test_what_is_unusual_in_a_unit_has_a_reason() -> None:
    for unit in SERVICES:
        blocks = (UNITS / unit).read_text().split("[Service]")[1].split("\n\n")
        assert all("#" in block for block in blocks if "[Install]" not in block and block.strip())


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make install` puts below DESTDIR."""
    place = tmp_path_factory.mktemp("stage")
    make(place, "install")
    return place


def make(place: Path, target: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    python = f"PYTHON={ROOT / '.venv/bin/python'}"
    words = ["make", target, f"DESTDIR={place}", "prefix=/opt/ballonet", python]
    subprocess.run(words, cwd=ROOT, env=environment, check=True, timeout=PATIENCE)


def tree(place: Path) -> Iterator[str]:
    for path in sorted(place.rglob("*")):
        if path.is_file() and "lib/ballonet/" not in str(path.relative_to(place)):
            yield str(path.relative_to(place))


SETTINGS = [
    "etc/ballonet/policies/look-first.yaml.example",
    "etc/default/ballonet-agent",
    "etc/default/ballonet-exporter",
]


@pytest.mark.timeout(PATIENCE + 60)
def test_make_install_puts_everything_below_its_directories(staged: Path) -> None:
    examples = sorted(path.name for path in (ROOT / "crds/examples").glob("*.yaml"))
    assert list(tree(staged)) == [
        *SETTINGS,
        *(f"opt/ballonet/bin/{name}" for name in ("ballonet", "ballonet-exporter", "ballonet-operator")),
        *(f"opt/ballonet/lib/systemd/system/ballonet-{name}" for name in
          ("agent.service", "exporter.service", "exporter.socket")),
        "opt/ballonet/lib/sysusers.d/ballonet.conf",
        "opt/ballonet/lib/tmpfiles.d/ballonet.conf",
        *(f"opt/ballonet/share/doc/ballonet/examples/{name}" for name in examples),
    ]  # fmt: skip
    library = staged / "opt/ballonet/lib/ballonet"
    assert {"ballonet", "ballonet_exporter", "kopf", "pydantic"} <= {path.name for path in library.iterdir()}
    # No file knows where it was staged.
    assert subprocess.run(["grep", "-rqE", str(staged), str(staged)], check=False).returncode == 1


@pytest.mark.timeout(PATIENCE + 60)
def test_make_uninstall_leaves_settings_only(staged: Path) -> None:
    make(staged, "uninstall")
    assert list(tree(staged)) == SETTINGS
    assert not (staged / "opt/ballonet/lib/ballonet").exists()

"""The wheel installed as an admin does: alone, where only a little is needed, and with everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet_lab import Lab
from built_packages import ROOT, Built
from dependency_table import reasons
from pipx_home import PipxHome
from running_agent import running_agent
from running_exporter import running_exporter

ADVICE = "is not installed: pipx install --force 'ballonet[all]'\n"
EXTRA_PACKAGES = {"aiohttp", "click", "kopf", "kubernetes", "requests", "rich", "urllib3", "yarl"}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def alone(built: Built, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> PipxHome:
    home = PipxHome(tmp_path_factory.mktemp("alone"), shared)
    home.install(built.wheel)
    return home


@pytest.fixture(scope="module")
def everything(built: Built, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> PipxHome:
    home = PipxHome(tmp_path_factory.mktemp("everything"), shared)
    home.install(built.wheel, "[all]")
    return home


@pytest.fixture(scope="module")
def guest(lab: Lab) -> Iterator[str]:
    (cheap,) = lab.cheap_guests(1)
    yield cheap.name
    cheap.destroy()


def assert_exports(home: PipxHome, lab: Lab, guest: str) -> None:
    program = [str(home.program("ballonet-exporter"))]
    with running_exporter(lab.read_only_uri, program=program) as exporter:
        scrape = exporter.scrape()

    assert scrape.value("ballonet_up") == 1
    assert scrape.of(guest)


def assert_looks_after(home: PipxHome, lab: Lab, guest: str, directory: Path) -> None:
    program, policies = home.program("ballonet-operator"), ROOT / "crds" / "examples"
    with running_agent(directory, lab.uri, policies, "--dry-run", program=program) as agent:
        agent.run_cycles(2)

        assert agent.reason(guest)
        assert agent.end() == 0


def test_alone_it_brings_nothing_of_the_extras(alone: PipxHome) -> None:
    assert alone.packages() & EXTRA_PACKAGES == set()


def test_the_documented_sizes_are_about_right(alone: PipxHome, everything: PipxHome) -> None:
    recorded = reasons("environments")

    assert alone.megabytes() == pytest.approx(recorded["ballonet"]["megabytes"], rel=0.25)
    assert everything.megabytes() == pytest.approx(recorded["ballonet[all]"]["megabytes"], rel=0.25)


def test_alone_it_exports_and_looks_after_a_host_by_policy_files(
    alone: PipxHome, lab: Lab, guest: str, tmp_path: Path
) -> None:
    assert_exports(alone, lab, guest)
    assert_looks_after(alone, lab, guest, tmp_path)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("ballonet list", f"Error: click {ADVICE}"),
        ("ballonet-operator agent --node-name here", f"ballonet-operator agent: error: kubernetes {ADVICE}"),
        ("ballonet-operator controller", f"ballonet-operator controller: error: kubernetes {ADVICE}"),
    ],
)
def test_alone_the_other_commands_say_what_is_missing(alone: PipxHome, command: str, complaint: str) -> None:
    done = alone.run(command)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint)


def test_with_everything_all_commands_work(
    everything: PipxHome, lab: Lab, guest: str, tmp_path: Path
) -> None:
    assert_exports(everything, lab, guest)
    assert_looks_after(everything, lab, guest, tmp_path)
    assert guest in everything.run(f"ballonet --connect {lab.uri} list").stdout
    assert "no kubeconfig" in everything.run("ballonet hosts").stderr
    assert everything.run("ballonet-operator controller --help").stdout.startswith("usage: ballonet-operator")

"""A command whose extra is not installed: one line that says how to get it, and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from ballonet.errors import ConfigError
from ballonet.extras import extra

ABSENT = (
    "import runpy, sys; sys.modules.update(dict.fromkeys(sys.argv[1].split())); sys.argv[:] = sys.argv[2:];"
)
"""Python refuses to import a module that stands as None in ``sys.modules``, as if it were not installed."""


def run_without(packages: str, program: str, *arguments: str) -> tuple[int, str, str]:
    code = f"{ABSENT} runpy.run_module('{program}', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code, packages, program, *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("package", "program", "arguments", "complaint"),
    [
        ("click", "ballonet_cli", "list", "Error: click is not installed: pip install 'ballonet[cli]'"),
        ("rich", "ballonet_cli", "--help", "Error: rich is not installed: pip install 'ballonet[cli]'"),
        (
            "kubernetes", "ballonet_cli", "hosts",
            "Error: kubernetes is not installed: pip install 'ballonet[operator]'",
        ),
        (
            "kubernetes", "ballonet_cli", "policies",
            "Error: kubernetes is not installed: pip install 'ballonet[operator]'",
        ),
        (
            "kubernetes", "ballonet_cli", "policy explain web",
            "Error: kubernetes is not installed: pip install 'ballonet[operator]'",
        ),
        (
            "kopf", "ballonet_operator", "agent --node-name here",
            "ballonet-operator agent: error: kopf is not installed: pip install 'ballonet[operator]'",
        ),
        (
            "urllib3", "ballonet_operator", "agent --policies . --log.level error --alertmanager.url http://x",
            "ballonet-operator agent: error: urllib3 is not installed: pip install 'ballonet[operator]'",
        ),
        (
            "kopf", "ballonet_operator", "controller",
            "ballonet-operator controller: error: kopf is not installed: pip install 'ballonet[operator]'",
        ),
    ],
    ids=[
        "command line", "its help", "hosts", "policies", "a policy of Kubernetes", "agent with a node name",
        "agent with an Alertmanager", "controller",
    ],
)  # fmt: skip
def test_a_command_whose_extra_is_missing_says_how_to_get_it(
    package: str, program: str, arguments: str, complaint: str
) -> None:
    assert run_without(package, program, *arguments.split()) == (2, "", f"{complaint}\n")


@pytest.mark.parametrize("command", ["ballonet_exporter", "ballonet_operator agent"])
def test_the_exporter_and_the_agent_do_without_the_extras(command: str) -> None:
    code, output, complaint = run_without(
        "aiohttp click kopf kubernetes rich urllib3 yarl", *command.split(), "--help"
    )

    assert (code, complaint) == (0, "")
    assert output.startswith("usage: ballonet-")


def test_alerts_need_urllib3_and_nothing_else_of_the_extras() -> None:
    others = "aiohttp click kopf kubernetes rich yarl"

    for module in ("access", "alertmanager"):
        assert run_without(others, f"ballonet_operator.alerts.{module}") == (0, "", "")


def test_a_policy_in_a_file_is_explained_without_kubernetes(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "crds" / "examples" / "look-first.yaml"
    (tmp_path / "policy.yaml").write_text(example.read_text())
    explain = ("policy", "explain", "look-first", "--policies", str(tmp_path), "--host-memory", "8GiB")

    assert run_without("kubernetes", "ballonet_cli", *explain)[0] == 0


def test_in_an_environment_of_pipx_the_advice_is_that_of_pipx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    with pytest.raises(ConfigError, match=r"no_such_package is not installed: pipx install --force .*all"):
        absent("no_such_package")


def test_a_module_of_ours_that_is_not_there_is_no_matter_for_advice() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ballonet\.no_such_module"):
        absent("ballonet.no_such_module")


def absent(module: str) -> None:
    with extra("operator"):
        __import__(module)

"""The commands as a person meets them where there is no libvirt: help, wrong words, and what is said then."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ballonet_cli.commands import COMMANDS, cli

NOWHERE = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def ballonet(*arguments: str, **environment: str) -> Result:
    cleared = dict.fromkeys(("BALLONET_LIBVIRT__URI", "LIBVIRT_DEFAULT_URI", "BALLONET_HOST__BUDGET"))
    return CliRunner().invoke(cli, arguments, prog_name="ballonet", env={**cleared, **environment})


def test_the_version_is_the_distributions() -> None:
    assert ballonet("--version").output == f"ballonet, version {version('ballonet')}\n"


def test_help_lists_every_command_with_a_line() -> None:
    output = ballonet("--help").output

    assert all(f"  {command.name}  " in output for command in COMMANDS)
    assert "..." not in output.split("Commands:")[1]


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    assert ballonet(command, "--help").exit_code == 0


def test_the_reference_in_the_docs_is_the_commands_own() -> None:
    """In a process of its own: click remembers how a command's help was first asked for, here by a test."""
    asked = [sys.executable, "-m", "ballonet_cli.reference"]
    own = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    assert own in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("list",), id="list"),
        pytest.param(("show", "a"), id="show"),
        pytest.param(("set", "a", "1Gi"), id="set"),
        pytest.param(("hold", "a"), id="hold"),
        pytest.param(("unhold", "a"), id="unhold"),
        pytest.param(("top",), id="top"),
    ],
)
def test_an_unreachable_libvirt_is_one_line_with_what_would_help(arguments: tuple[str, ...]) -> None:
    result = ballonet(*arguments, "--connect", NOWHERE)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    assert "/nonexistent/libvirt-sock" in result.stderr
    assert "systemctl start libvirtd" in result.stderr


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ballonet_cli", "completion", "fish"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 1
    assert done.stderr == "Error: the output cannot be written: no space left where it goes\n"


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        pytest.param(("-c", NOWHERE, "list"), {}, id="before the command"),
        pytest.param(("list", "-c", NOWHERE), {"LIBVIRT_DEFAULT_URI": "bogus:///"}, id="flag over virsh's"),
        pytest.param(("list",), {"LIBVIRT_DEFAULT_URI": NOWHERE}, id="virsh's variable"),
        pytest.param(
            ("list",),
            {"LIBVIRT_DEFAULT_URI": "bogus:///", "BALLONET_LIBVIRT__URI": NOWHERE},
            id="our variable",
        ),
        pytest.param(("-c", "bogus:///", "list", "-c", NOWHERE), {}, id="after over before"),
    ],
)
def test_the_uri_comes_from_flags_then_our_variable_then_virshs(
    arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    assert "/nonexistent/libvirt-sock" in ballonet(*arguments, **environment).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("set", "a", "much"), "'much' is not a size", id="no size"),
        pytest.param(("set", "a", "200%"), "'200%' is above 100%", id="too many percent"),
        pytest.param(("set", "a"), "Missing argument 'SIZE'", id="size missing"),
        pytest.param(
            ("set", "a", "1Gi", "--wait", "--timeout", "soon"), "'soon' is not a duration", id="no time"
        ),
        pytest.param(("hold", "a", "--for", "0"), "too short", id="no time at all"),
        pytest.param(("hold", "a", "--for", "4000d"), "too long", id="too long a time"),
        pytest.param(("list", "-o", "xml"), "'xml' is not one of", id="unknown form"),
        pytest.param(("plan",), "Missing option '--policies'", id="no policies"),
        pytest.param(("completion", "tcsh"), "'tcsh' is not one of", id="unknown shell"),
        pytest.param(("lst",), "No such command 'lst'", id="unknown command"),
        pytest.param(("top", "--sort", "size"), "'size' is not one of", id="unknown order"),
    ],
)
def test_wrong_words_are_named_with_exit_code_2(arguments: tuple[str, ...], words: str) -> None:
    result = ballonet(*arguments)

    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("command", [("plan",), ("explain", "a")], ids=["plan", "explain"])
def test_a_plan_for_another_host_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    result = ballonet("-c", "qemu+ssh://kvm-7/system", *command, "--policies", str(tmp_path))

    assert result.exit_code == 2
    assert "run it there" in result.stderr


def test_a_bad_policy_file_is_refused_with_file_field_and_reason(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(
        "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {name: web}\n"
        "spec: {memory: {floor: 200%}}\n"
    )
    result = ballonet("plan", "-c", NOWHERE, "--policies", str(tmp_path))

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert str(tmp_path / "web.yaml") in result.stderr
    assert "spec.memory.floor" in result.stderr


def test_a_directory_of_policies_that_does_not_exist_is_named(tmp_path: Path) -> None:
    result = ballonet("plan", "-c", NOWHERE, "--policies", str(tmp_path / "none"))

    assert result.exit_code == 2
    assert str(tmp_path / "none") in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_script_for_every_shell(shell: str) -> None:
    result = ballonet("completion", shell)

    assert result.exit_code == 0
    assert "_BALLONET_COMPLETE" in result.stdout
    assert shell in result.stdout


def test_bash_can_read_its_completion_script(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(ballonet("completion", "bash").stdout)

    subprocess.run(["bash", "-n", script], check=True)


def test_completion_without_libvirt_offers_nothing_and_says_nothing() -> None:
    result = ballonet(
        _BALLONET_COMPLETE="bash_complete",
        COMP_WORDS="ballonet show ",
        COMP_CWORD="2",
        LIBVIRT_DEFAULT_URI=NOWHERE,
    )

    assert result.exit_code == 0
    assert result.output == "\n"

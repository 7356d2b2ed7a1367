"""What the command line loads, and what it offers to the shell, without any libvirt or Kubernetes."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ballonet_cli.commands import cli

EXAMPLES = Path(__file__).parents[2] / "crds" / "examples"


def test_commands_about_this_host_do_not_load_the_kubernetes_client() -> None:
    slow = "{'kubernetes', 'ballonet.apiserver', 'ballonet.manifests.v1alpha1_host'}"
    code = f"import sys, ballonet_cli.commands; print({slow} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "set()\n"


@pytest.mark.parametrize("command", [("policy",), ("policy", "check"), ("policy", "explain")], ids=" ".join)
def test_nested_commands_explain_themselves(command: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cli, (*command, "--help"), prog_name="ballonet").exit_code == 0


def completed(words: str, **environment: str) -> list[str]:
    """Return what the shell would be offered for the last of these words."""
    asked = {
        "_BALLONET_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "KUBECONFIG": "/nonexistent/config",
        **environment,
    }
    done = CliRunner().invoke(cli, (), prog_name="ballonet", complete_var="_BALLONET_COMPLETE", env=asked)
    return [line.removeprefix("plain,") for line in done.stdout.split()]


def test_the_shell_completes_the_policies_of_a_directory() -> None:
    assert completed(f"ballonet policy explain --policies {EXAMPLES} l") == [
        "large-hosts",
        "leave-alone",
        "look-first",
    ]


@pytest.mark.parametrize(
    "words",
    ["ballonet hosts n", "ballonet policy explain n", "ballonet policy explain --policies /nonexistent n"],
)
def test_where_no_names_can_be_had_none_are_offered_and_nothing_is_said(words: str) -> None:
    assert completed(words) == []

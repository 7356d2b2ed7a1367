"""The command ``ballonet``: joins the command groups and does nothing else."""

import sys
from io import TextIOWrapper

import click

from ballonet_cli.balloon import set_guest
from ballonet_cli.cluster.command import list_hosts, list_policies
from ballonet_cli.completion import PROGRAM, VARIABLE, completion
from ballonet_cli.demo.command import demo
from ballonet_cli.failures import Program
from ballonet_cli.guest_list import list_guests, show_guest
from ballonet_cli.holding import hold, unhold
from ballonet_cli.options import root_connect_option
from ballonet_cli.policies.command import policy
from ballonet_cli.proposal import explain_guest, plan_guests
from ballonet_cli.top import top


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ballonet", prog_name=PROGRAM)
@root_connect_option
def cli() -> None:
    """Look at the memory of KVM guests, and move it."""


# In the order of the help: what looks, what moves, what thinks aloud, what is in Kubernetes.
COMMANDS = (
    list_guests, show_guest, top, set_guest, hold, unhold, plan_guests, explain_guest, policy,
    list_hosts, list_policies, demo, completion,
)  # fmt: skip
for command in COMMANDS:
    cli.add_command(command)


def run() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # A name that the terminal cannot show must not end the program.
            stream.reconfigure(errors="backslashreplace")
    cli.main(prog_name=PROGRAM, complete_var=VARIABLE)

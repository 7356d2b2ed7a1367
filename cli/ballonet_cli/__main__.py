"""The command ``ballonet``: joins the command groups and does nothing else."""

import click

from ballonet_cli.completion import PROGRAM, VARIABLE, completion
from ballonet_cli.failures import Program
from ballonet_cli.guest_list import list_guests, show_guest
from ballonet_cli.options import root_connect_option


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ballonet", prog_name=PROGRAM)
@root_connect_option
def cli() -> None:
    """Look at the memory of KVM guests, and move it."""


for command in (list_guests, show_guest, completion):
    cli.add_command(command)


def main() -> None:
    """Run the command line; the entry point of the package."""
    cli.main(prog_name=PROGRAM, complete_var=VARIABLE)


if __name__ == "__main__":
    main()

"""How errors leave the program: one line on standard error and an exit code, never a traceback.

2: the person must change something (a flag, a size, the guest's definition). 1: what was asked failed, and
may work another time.
"""

import errno
from typing import IO

import click

from ballonet.errors import BallonetError, ConfigError
from ballonet_cli.printable import printable


class Failure(click.ClickException):
    """What was asked did not work."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))

    def show(self, file: IO[str] | None = None) -> None:
        """Print the line; without a file, to standard error."""
        click.echo(f"Error: {self.message}", file=file, err=file is None)


class Mistake(Failure):
    """What was asked cannot work as it is."""

    exit_code = 2


class Program(click.Group):
    """A group of commands whose errors are Ballonet's own, listed in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature.
        """Return the names of the commands, related ones together."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise Mistake(str(error)) from error
        except BallonetError as error:
            raise Failure(str(error)) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise Failure("the output cannot be written: no space left where it goes") from error


def warn(message: str) -> None:
    """Say something on standard error that does not end the command."""
    click.echo(f"Warning: {printable(message)}", err=True)

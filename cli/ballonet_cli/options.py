"""Options, arguments and their types that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from ballonet.errors import ConfigError
from ballonet.quantity import parse_size
from ballonet_cli.completion import complete_guest
from ballonet_cli.connection import DEFAULT_URI, remember_uri
from ballonet_cli.durations import parse_duration, parse_pause
from ballonet_cli.request import parse_wish


class Parsed(click.ParamType):  # type: ignore[type-arg]  # It is generic only in newer versions of click.
    """A value that one of our own parsers reads; its ConfigError becomes click's usage error."""

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """Return the parsed value."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


WISH: Final = Parsed("size", parse_wish)
SIZE: Final = Parsed("size", parse_size)
DURATION: Final = Parsed("duration", parse_duration)
PAUSE: Final = Parsed("duration", parse_pause)

root_connect_option = click.option(
    "-c", "--connect", "connect", metavar="URI",
    envvar=["BALLONET_LIBVIRT__URI", "LIBVIRT_DEFAULT_URI"], show_envvar=True,
    expose_value=False, callback=remember_uri, is_eager=True,
    help=f"Which libvirt to ask, as for virsh; {DEFAULT_URI} where nothing says otherwise.",
)  # fmt: skip
connect_option = click.option(
    "-c", "--connect", "connect", metavar="URI", expose_value=False, callback=remember_uri, is_eager=True,
    help="Which libvirt to ask; wins over the same option before the command.",
)  # fmt: skip
guest_argument = click.argument("name", metavar="GUEST", shell_complete=complete_guest)
policies_option = click.option(
    "--policies", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="The directory of policy files, as the agent reads it.",
)  # fmt: skip
watch_option = click.option(
    "--over", metavar="DURATION", type=PAUSE, default="0",
    help="Watch the guests this long first: growth, faults and swap-in show only between two readings.",
)  # fmt: skip


def output_option(*forms: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option ``-o``; the first form is the default."""
    return click.option(
        "-o", "--output", type=click.Choice(forms), default=forms[0], show_default=True,
        help="How to print it; json and yaml have stable keys, sizes in bytes.",
    )  # fmt: skip

"""What a person says about the host, in the agent's own flags: a plan is the agent's only with the same."""

from collections.abc import Callable

import click

from ballonet.host import Host
from ballonet.machine import read_host
from ballonet_cli.options import SIZE

_KEY = "ballonet.host"


def _remember(ctx: click.Context, parameter: click.Parameter, value: object) -> object:
    ctx.meta.setdefault(_KEY, {})[parameter.name] = value
    return value


_OPTIONS = (
    click.option(
        "--host.budget", "budget", metavar="SIZE", type=SIZE, envvar="BALLONET_HOST__BUDGET",
        show_envvar=True, expose_value=False, callback=_remember,
        help="Guests together may use at most this much of the host.",
    ),
    click.option(
        "--host.memory-total", "total", metavar="SIZE", type=SIZE, envvar="BALLONET_HOST__MEMORY_TOTAL",
        show_envvar=True, expose_value=False, callback=_remember,
        help="Takes the place of MemTotal.",
    ),
    click.option(
        "--host.name", "name_of_host", metavar="TEXT", envvar="BALLONET_HOST__NAME", show_envvar=True,
        expose_value=False, callback=_remember,
        help="Takes the place of the host's name in policies.",
    ),
)  # fmt: skip


def host_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options about the host; give an agent's plan what the agent is given."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def host_now() -> Host:
    """Return this host as it is now, with what the command that runs was told about it.

    Raises:
        ConfigError: the kernel does not tell its memory.
    """
    told = click.get_current_context().meta.get(_KEY, {})
    return read_host(budget=told.get("budget"), total=told.get("total"), name=told.get("name_of_host"))

"""Completion in the shell: the script, and the names of guests while a person types."""

import re
from collections.abc import Iterable
from typing import Final

import click
from click.shell_completion import get_completion_class

from ballonet.errors import BallonetError, ConfigError
from ballonet.hypervisor import Hypervisor
from ballonet_cli.connection import uri

# The shell puts what we offer into the command line as it is, so a guest called `$(reboot)` is not offered.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*", re.ASCII)
_DEADLINE: Final = 1.0
PROGRAM: Final = "ballonet"
VARIABLE: Final = "_BALLONET_COMPLETE"


def complete_guest(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the guests whose names begin like this; none where libvirt does not answer at once."""
    hypervisor = Hypervisor(uri(ctx), read_only=True, deadline=_DEADLINE)
    try:
        names = [guest.name for guest in hypervisor.read().guests]
    except BallonetError:
        return []
    finally:
        hypervisor.close()
    return harmless(names, incomplete)


def harmless(names: Iterable[str], incomplete: str) -> list[str]:
    """Return the names that begin like this and that no shell would act on."""
    return sorted(name for name in names if name.startswith(incomplete) and _HARMLESS.fullmatch(name))


@click.command(short_help="Print the script for completion in your shell.")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that teaches your shell to complete ballonet's commands and names.

    \b
    bash:  ballonet completion bash > ~/.local/share/bash-completion/completions/ballonet
    zsh:   ballonet completion zsh > ~/.zfunc/_ballonet      (with ~/.zfunc in fpath)
    fish:  ballonet completion fish > ~/.config/fish/completions/ballonet.fish
    """  # noqa: D301 - click wants the character itself.
    found = get_completion_class(shell)
    if found is None:
        raise ConfigError(f"there is no completion for {shell}: choose bash, zsh or fish")
    program = ctx.find_root().command
    click.echo(found(program, {}, PROGRAM, VARIABLE).source())

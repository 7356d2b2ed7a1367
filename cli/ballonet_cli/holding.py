"""``ballonet hold`` and ``unhold``: a size that the agent leaves alone for a time.

The hold lives in the guest's own libvirt metadata, so that it needs no agent, survives one, and ends by
itself. The agent never moves a held guest, not even to the held size: setting it is done here.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime

import click

from ballonet.errors import ConfigError, Refused
from ballonet.guest import Guest, Hold, Overrides
from ballonet.quantity import Amount, format_size
from ballonet_cli.balloon import read_guest, resize
from ballonet_cli.connection import connected
from ballonet_cli.durations import format_duration
from ballonet_cli.options import DURATION, WISH, connect_option, guest_argument
from ballonet_cli.printable import printable
from ballonet_cli.request import judge


@click.command(short_help="Keep a guest at its size for a time.")
@guest_argument
@click.argument("size", type=WISH, required=False)
@click.option("--for", "seconds", metavar="DURATION", type=DURATION, default="1h", show_default=True,
              help="How long, such as 30m, 1h30m or 2d.")  # fmt: skip
@click.option("--force", is_flag=True, help="Even below what the guest says it can live with.")
@connect_option
def hold(*, name: str, size: Amount | None, seconds: float, force: bool) -> None:
    """Keep a guest at a size, or at the one it has: the agent leaves it alone until the time is over."""
    with connected(read_only=False) as hypervisor:
        guest = read_guest(hypervisor, name)
        until = float(round(time.time()) + seconds)
        # The hold comes first, or an agent could move the guest again before it.
        target = judge(guest, size, time.time(), force=force).size if size is not None else None
        held = Hold(until=until, size=target)
        hypervisor.set_overrides(guest, replace(_overrides(guest), hold=held))
        if size is not None:
            resize(hypervisor, guest, size, force=force)
    at = f"at {format_size(target)}" if target is not None else "at what it has"
    end = datetime.fromtimestamp(until, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    click.echo(f"{printable(guest.name)} is held {at} for {format_duration(seconds)}, until {end}")


@click.command(short_help="End a hold.")
@guest_argument
@connect_option
def unhold(*, name: str) -> None:
    """End a hold: the agent decides again."""
    with connected(read_only=False) as hypervisor:
        guest = read_guest(hypervisor, name)
        overrides = _overrides(guest)
        if overrides.hold is not None:
            hypervisor.set_overrides(guest, replace(overrides, hold=None))
    held = overrides.hold is not None and overrides.hold.until > time.time()
    words = "is no longer held" if held else "was not held"
    click.echo(f"{printable(guest.name)} {words}")


def _overrides(guest: Guest) -> Overrides:
    """Return what is to be kept of the guest's own terms.

    Raises:
        ConfigError: the guest is off, and what is not running is not read.
        Refused: they could not be read, so that writing would lose them.
    """
    name = printable(guest.name)
    if not guest.active:
        raise ConfigError(
            f"{name} is {guest.state.value}: only a running guest can be held; start it with"
            f" `virsh start {name}`"
        )
    if guest.traits is None:
        raise Refused(f"{name}'s definition could not be read just now: try again", cause="unread")
    return guest.traits.overrides

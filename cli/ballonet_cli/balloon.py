"""``ballonet set``: one guest to one size, now."""

import time
from typing import Final

import click

from ballonet.guest import Guest, Read
from ballonet.hypervisor import Hypervisor
from ballonet.quantity import Amount, format_size
from ballonet_cli.connection import connected
from ballonet_cli.failures import warn
from ballonet_cli.follow import follow
from ballonet_cli.lookup import find
from ballonet_cli.options import DURATION, WISH, connect_option, guest_argument
from ballonet_cli.printable import printable
from ballonet_cli.request import judge

# One incomplete reading is seen on a healthy guest under load, a few in a row mean that it hangs.
_READINGS: Final = 3
_BETWEEN: Final = 0.5


@click.command("set", short_help="Set a guest's memory.")
@guest_argument
@click.argument("size", type=WISH)
@click.option("--wait", is_flag=True, help="Follow it until it is there or stops.")
@click.option(
    "--timeout", metavar="DURATION", type=DURATION, default="60s", show_default=True, help="With --wait."
)
@click.option("--force", is_flag=True, help="Even below what the guest says it can live with.")
@connect_option
def set_guest(*, name: str, size: Amount, wait: bool, timeout: float, force: bool) -> None:
    """Set a guest's memory: 512MiB, 50% of its maximum, or max."""
    with connected(read_only=False) as hypervisor:
        guest = read_guest(hypervisor, name)
        target = resize(hypervisor, guest, size, force=force)
        if wait:
            follow(hypervisor, guest, target, timeout)
    has = "unknown" if guest.actual is None else format_size(guest.actual)
    done = "is at" if wait else "is asked for"
    click.echo(f"{printable(guest.name)} {done} {format_size(target)} (was {has})")


def read_guest(hypervisor: Hypervisor, name: str) -> Guest:
    """Return the guest as it is now, read again where the reading was incomplete.

    Raises:
        ConfigError: there is no such guest.
    """
    guest = find(hypervisor.read().guests, name)
    for _ in range(_READINGS - 1):
        if guest.read is Read.OK or not guest.active:
            break
        time.sleep(_BETWEEN)
        guest = find(hypervisor.read().guests, name)
    return guest


def resize(hypervisor: Hypervisor, guest: Guest, wish: Amount, *, force: bool) -> int:
    """Ask for a wished size, say what there is to say about it, and return the size that was asked for.

    Raises:
        ConfigError: the guest can never be set to this, as it is.
        Refused: it cannot be set now.
    """
    request = judge(guest, wish, time.time(), force=force)
    for remark in request.remarks:
        warn(remark)
    hypervisor.set_memory(guest, request.size)
    return request.size

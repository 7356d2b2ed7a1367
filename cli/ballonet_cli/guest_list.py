"""The commands that only look: ``list`` and ``show``."""

import time

import click

from ballonet_cli.connection import connected
from ballonet_cli.documents import guest_document, render
from ballonet_cli.guest_card import guest_card
from ballonet_cli.guest_table import guest_table
from ballonet_cli.lookup import find
from ballonet_cli.options import connect_option, guest_argument, output_option
from ballonet_cli.tables import console, show


@click.command("list")
@output_option("table", "wide", "json", "yaml")
@click.option("--all", "every", is_flag=True, help="Guests that are off as well.")
@connect_option
def list_guests(*, output: str, every: bool) -> None:
    """List the guests with what their balloons leave them."""
    with connected(read_only=True) as hypervisor:
        survey = hypervisor.read()
    now = time.time()
    guests = [guest for guest in survey.guests if every or guest.active]
    if output in ("table", "wide"):
        show(guest_table(guests, now, wide=output == "wide"), console())
        return
    ordered = sorted(guests, key=lambda guest: (guest.name, guest.uuid))
    click.echo(render({"guests": [guest_document(guest, now) for guest in ordered]}, output))


@click.command("show", short_help="Show everything known about one guest.")
@guest_argument
@output_option("text", "json", "yaml")
@connect_option
def show_guest(*, name: str, output: str) -> None:
    """Show one guest: what QEMU's `info balloon` shows, and everything else that is known."""
    with connected(read_only=True) as hypervisor:
        guest = find(hypervisor.read().guests, name)
    now = time.time()
    if output == "text":
        click.echo("\n".join(guest_card(guest, now)))
    else:
        click.echo(render(guest_document(guest, now), output))

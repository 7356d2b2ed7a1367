"""The commands that think aloud and touch nothing: ``plan`` and ``explain``."""

from pathlib import Path

import click

from ballonet_cli.connection import connected, require_local
from ballonet_cli.documents import decision_document, plan_document, render
from ballonet_cli.explanation import explanation
from ballonet_cli.failures import warn
from ballonet_cli.host_options import host_now, host_options
from ballonet_cli.lookup import find
from ballonet_cli.options import (
    connect_option,
    guest_argument,
    output_option,
    policies_option,
    watch_option,
)
from ballonet_cli.plan_table import plan_summary, plan_table
from ballonet_cli.site import Site, read_policies
from ballonet_cli.tables import console, show


@click.command("plan", short_help="Show what an agent would do now, and why.")
@policies_option
@host_options
@watch_option
@output_option("table", "json", "yaml")
@connect_option
def plan_guests(*, policies: Path, over: float, output: str) -> None:
    """Show what an agent with these policies would do now, and why; nothing is touched."""
    require_local("plan")
    known = read_policies(policies)
    if not known:
        warn(f"{policies} holds no policy: no guest is owned, so none would be moved")
    with connected(read_only=True) as hypervisor:
        view, made = Site(hypervisor=hypervisor, policies=known, host=host_now).watch(over)
    if output != "table":
        click.echo(render(plan_document(made, view.host), output))
        return
    show(plan_table(made), console())
    click.echo("\n" + "\n".join(plan_summary(made, view.host)))


@click.command("explain", short_help="Explain one guest in sentences.")
@guest_argument
@policies_option
@host_options
@watch_option
@output_option("text", "json", "yaml")
@connect_option
def explain_guest(*, name: str, policies: Path, over: float, output: str) -> None:
    """Explain one guest: which policy owns it, every number of the law for it, and what follows."""
    require_local("explain")
    known = read_policies(policies)
    with connected(read_only=True) as hypervisor:
        find(hypervisor.read().guests, name)  # A wrong name is told at once, not after watching.
        view, made = Site(hypervisor=hypervisor, policies=known, host=host_now).watch(over)
    wanted = find(view.guests, name)
    decision = next(decision for decision in made.decisions if decision.guest is wanted)
    if output != "text":
        click.echo(render(decision_document(decision), output))
        return
    here = [policy for policy in known if policy.hosts.accepts(view.host.name)]
    click.echo("\n".join(explanation(decision, made, view, here)))

"""What the commands about Kubernetes do: read, and print in the form that was asked for."""

import time

import click

from ballonet.api_kinds import HOSTS, POLICIES
from ballonet_cli.cluster.access import cluster
from ballonet_cli.cluster.documents import host_document, policy_document
from ballonet_cli.cluster.host_card import detail_table, host_card, observed_table
from ballonet_cli.cluster.host_table import host_table
from ballonet_cli.cluster.objects import FoundHost, found_host, found_hosts, found_policies
from ballonet_cli.cluster.policy_table import policy_table
from ballonet_cli.documents import render
from ballonet_cli.failures import warn
from ballonet_cli.lookup import require
from ballonet_cli.tables import console, show

_TABLES = ("table", "wide")
_WHERE = "with an agent in this cluster"


def print_hosts(kubeconfig: str | None, context: str | None, output: str) -> None:
    """Print all hosts."""
    with cluster(kubeconfig, context) as kubernetes:
        hosts = found_hosts(kubernetes.list(HOSTS))
    if output not in _TABLES:
        click.echo(render({"hosts": [host_document(host) for host in hosts]}, output))
        return
    if not hosts:
        warn("no agent has reported a host yet")
    show(host_table(hosts, time.time(), wide=output == "wide"), console())


def print_host(name: str, kubeconfig: str | None, context: str | None, output: str) -> None:
    """Print everything about one host.

    Raises:
        ConfigError: there is none of this name.
    """
    with cluster(kubeconfig, context) as kubernetes:
        item = kubernetes.get(HOSTS, name)
        if item is None:
            require(
                name, [each.name for each in found_hosts(kubernetes.list(HOSTS))], what="host", where=_WHERE
            )
    host = found_host(item or {})
    if output not in _TABLES:
        click.echo(render(host_document(host), output))
        return
    click.echo("\n".join(host_card(host, time.time())))
    _print_details(host)


def _print_details(host: FoundHost) -> None:
    if host.status is None:
        return
    if host.status.details:
        click.echo()
        show(detail_table(host.status.details), console())
    if host.status.details_omitted:
        click.echo(f"and {host.status.details_omitted} more guests: the host's metrics have them all")
    if host.status.observed_policies:
        click.echo()
        show(observed_table(host.status.observed_policies), console())


def print_policies(kubeconfig: str | None, context: str | None, output: str) -> None:
    """Print all policies."""
    with cluster(kubeconfig, context) as kubernetes:
        policies = found_policies(kubernetes.list(POLICIES))
    if output not in _TABLES:
        click.echo(render({"policies": [policy_document(policy) for policy in policies]}, output))
        return
    if not policies:
        warn("there is no BalloonPolicy in this cluster, so no guest is owned")
    show(policy_table(policies, time.time(), wide=output == "wide"), console())

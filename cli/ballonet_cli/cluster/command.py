"""``ballonet hosts`` and ``ballonet policies``: what Ballonet has written into Kubernetes.

What is slow to load is loaded by the command that runs, see ``ballonet_cli.cluster``.
"""

import click

from ballonet_cli.kubernetes_options import complete_host, kubernetes_options
from ballonet_cli.options import output_option


@click.command("hosts", short_help="List the hosts in Kubernetes, or show one.")
@click.argument("name", metavar="HOST", required=False, shell_complete=complete_host)
@output_option("table", "wide", "json", "yaml")
@kubernetes_options
def list_hosts(*, name: str | None, output: str, kubeconfig: str | None, context: str | None) -> None:
    """List the hosts in Kubernetes as their agents see them, or show everything about one."""
    from ballonet_cli.cluster import printing  # noqa: PLC0415

    if name is None:
        printing.print_hosts(kubeconfig, context, output)
    else:
        printing.print_host(name, kubeconfig, context, output)


@click.command("policies", short_help="List the policies in Kubernetes.")
@output_option("table", "wide", "json", "yaml")
@kubernetes_options
def list_policies(*, output: str, kubeconfig: str | None, context: str | None) -> None:
    """List the policies in Kubernetes with what became of them, the one that overrules the others first."""
    from ballonet_cli.cluster import printing  # noqa: PLC0415

    printing.print_policies(kubeconfig, context, output)

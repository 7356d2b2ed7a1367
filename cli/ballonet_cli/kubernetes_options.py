"""The options of commands that ask Kubernetes. Nothing here loads the Kubernetes client."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ballonet.errors import BallonetError
from ballonet.manifests.policy_files import load
from ballonet_cli.completion import harmless

if TYPE_CHECKING:
    from ballonet.api_kinds import Kind

_COMPLETION_DEADLINE = 1.0


def kubernetes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which API server to ask, as kubectl has them."""
    kubeconfig = click.option(
        "--kubeconfig", metavar="FILE", envvar="KUBECONFIG", show_envvar=True,
        help="How to reach Kubernetes; ~/.kube/config where nothing says otherwise.",
    )  # fmt: skip
    context = click.option("--context", metavar="NAME", help="Which context of the kubeconfig to use.")
    return kubeconfig(context(command))


def complete_host(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the hosts whose names begin like this; none where Kubernetes does not answer at once."""
    from ballonet.api_kinds import HOSTS  # noqa: PLC0415 - see ``ballonet_cli.cluster``.

    return _names(HOSTS, ctx, incomplete)


def complete_policy(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the policies of the directory that was named, or of Kubernetes, that begin like this."""
    directory = ctx.params.get("policies")
    if directory is not None:
        try:
            return harmless(load(directory, now=time.time()).documents, incomplete)
        except BallonetError:
            return []
    from ballonet.api_kinds import POLICIES  # noqa: PLC0415

    return _names(POLICIES, ctx, incomplete)


def _names(kind: "Kind", ctx: click.Context, incomplete: str) -> list[str]:
    from ballonet_cli.cluster.access import cluster  # noqa: PLC0415

    given = ctx.params
    try:
        with cluster(
            given.get("kubeconfig"), given.get("context"), answer_within=_COMPLETION_DEADLINE
        ) as kubernetes:
            names = [str(item["metadata"]["name"]) for item in kubernetes.list(kind)]
    except BallonetError:
        return []
    return harmless(names, incomplete)

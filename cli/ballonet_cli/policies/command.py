"""``ballonet policy check`` and ``ballonet policy explain``."""

from collections.abc import Sequence
from pathlib import Path

import click

from ballonet_cli.documents import render
from ballonet_cli.failures import Program
from ballonet_cli.kubernetes_options import complete_policy, kubernetes_options
from ballonet_cli.options import SIZE, output_option
from ballonet_cli.policies.check import check, check_document, mistake_lines, valid_lines
from ballonet_cli.printable import printable

_MISTAKES = 2  # The exit code of everything that a person must mend first.


@click.group("policy", cls=Program, short_help="Judge and explain policies.")
def policy() -> None:
    """Judge policies before they are in force, and explain what they mean."""


@policy.command("check", short_help="Judge policy files as an agent would.")
@click.argument("sources", metavar="FILE...", nargs=-1, required=True)
@click.option("-q", "--quiet", is_flag=True, help="Only what must be mended.")
@output_option("text", "json", "yaml")
@click.pass_context
def check_policies(ctx: click.Context, *, sources: Sequence[str], quiet: bool, output: str) -> None:
    """Judge policy files as an agent and the API server would; neither of them is asked.

    A directory stands for its policy files, `-` for standard input. Every mistake is one line on standard
    error; the exit code is 2 when there is any, otherwise 0.
    """
    files = check(sources)
    if output != "text":
        click.echo(render(check_document(files), output))
    elif not quiet:
        for line in valid_lines(files):
            click.echo(printable(line))
    for line in mistake_lines(files):
        click.echo(printable(line), err=True)
    ctx.exit(_MISTAKES if any(file.mistakes for file in files) else 0)


@policy.command("explain", short_help="Say in words what a policy means.")
@click.argument("name", metavar="POLICY", shell_complete=complete_policy)
@click.option(
    "--policies", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
    help="Explain from the files of this directory; otherwise from Kubernetes.",
)  # fmt: skip
@click.option(
    "--host-memory", "memory", metavar="SIZE", type=SIZE,
    help="Work out percentages for a host of this size; otherwise for this host, or for those of the policy "
    "in Kubernetes.",
)  # fmt: skip
@kubernetes_options
def explain_policy(
    *, name: str, policies: Path | None, memory: int | None, kubeconfig: str | None, context: str | None
) -> None:
    """Explain a policy: whom it selects and overrules, every number of it, and what became of it."""
    from ballonet_cli.policies.explained import explained_files, explained_objects  # noqa: PLC0415 - it is slow.

    if policies is not None:
        lines = explained_files(name, policies, memory)
    else:
        lines = explained_objects(name, kubeconfig, context, memory)
    click.echo("\n".join(lines))

"""The command reference in ``docs/cli.md``, written from the commands themselves.

``python -m ballonet_cli.reference --markdown`` prints it; ``make docs`` puts it into the document and
``make drift`` holds the two together.
"""

from collections.abc import Iterator, Mapping
from inspect import cleandoc

import click

from ballonet_cli import keys
from ballonet_cli.cluster import keys as cluster_keys
from ballonet_cli.commands import cli
from ballonet_cli.completion import PROGRAM


def reference() -> str:
    """Return the reference as Markdown."""
    root = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    return "\n".join([*_command(cli, root), *_keys()]).rstrip("\n")


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a command's part, and those of the commands in it."""
    yield from (f"### {context.command_path}", "", *_usage(command, context), *_options(command, context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            nested = command.get_command(context, name)
            if nested is not None:
                yield from _command(nested, click.Context(nested, info_name=name, parent=context))


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from ("```text", f"{context.command_path} {pieces}", "```", "")
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):  # click's mark of lines that are not to be joined.
            yield from ("```text", paragraph.removeprefix("\b\n"), "```", "")
        else:
            yield from (" ".join(paragraph.split()), "")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    yield from ("| option | meaning |", "|---|---|")
    for names, words in records:
        yield f"| `{_cell(names)}` | {_cell(words)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _keys() -> Iterator[str]:
    yield from _table("Keys of a guest (`list`: one of `guests[]`; `show`)", keys.GUEST)
    yield from _table("Keys of a decision (`plan`: one of `decisions[]`; `explain`)", keys.DECISION)
    yield from _table("Keys of a plan (`plan`)", keys.PLAN)
    yield from _table("Keys of a host (`hosts`: one of `hosts[]`; `hosts HOST`)", cluster_keys.HOST)
    yield from _table("Keys of a policy (`policies`: one of `policies[]`)", cluster_keys.POLICY)
    yield from _table("Keys of a judgement (`policy check`)", cluster_keys.CHECK)


def _table(title: str, meanings: Mapping[str, str]) -> Iterator[str]:
    yield from (f"### {title}", "", "| key | meaning |", "|---|---|")
    for key, meaning in meanings.items():
        yield f"| `{key}` | {meaning} |"
    yield ""


if __name__ == "__main__":
    click.echo(reference())

"""What the command line has to say to a command that stands in a document."""

import click

from ballonet_cli.commands import cli


def complaint(command: str) -> str:
    """Return what ``ballonet`` would say against a command of a page; empty when it takes it."""
    words = command.split()[1:]
    current: click.Command = cli
    context = click.Context(cli, info_name="ballonet")
    while isinstance(current, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = current.get_command(context, name)
        if found is None:
            return f"no command {name}"
        current, context = found, click.Context(found, info_name=name, parent=context)
    try:
        current.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return str(error)
    return ""

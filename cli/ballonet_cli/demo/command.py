"""The command itself. What it needs is imported when it runs: other commands need not wait for it."""

from pathlib import Path

import click

from ballonet.policy import Mode
from ballonet_cli.options import SIZE


@click.command(short_help="Show it at work, with real guests of its own.")
@click.option("--guest-memory", metavar="SIZE", type=SIZE,
              help="What each guest is promised, 512MiB to 2GiB; else what the machine allows.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Leave everything running at the end, and say how to end it.")
@click.option("--stop", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="End a demo that was left running; nothing else is done.")  # fmt: skip
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.ENFORCE.value,
              hidden=True, help="The mode of the policy.")  # fmt: skip
def demo(*, guest_memory: int | None, keep: bool, stop: Path | None, mode: str) -> None:
    """Play the textbook example of ballooning with real guests, in at most five minutes.

    Six guests share two thirds of what they were promised. Three of them work, then the roles swap, and
    the agent moves the memory to where it is needed. It starts a private libvirtd, the guests, the exporter
    and the agent on this machine, and nothing of them is left in the end. Your own libvirt is not touched.
    The exit code is 0 when every guest got what it needed in time.
    """
    if stop is not None:
        from ballonet_cli.demo.stage import strike  # noqa: PLC0415

        strike(stop)
        click.echo(f"ended the demo in {stop}; nothing of it is left")
        return
    from ballonet_cli.demo.evening import run  # noqa: PLC0415

    run(guest_memory=guest_memory, mode=Mode(mode), keep=keep)

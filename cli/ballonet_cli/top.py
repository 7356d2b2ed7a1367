"""``ballonet top``: one host's memory, live."""

from pathlib import Path
from typing import Final

import click

from ballonet.hypervisor import Hypervisor
from ballonet.policy import Mode, Policy
from ballonet.quantity import Amount
from ballonet_cli.connection import connected, require_local
from ballonet_cli.host_options import host_now, host_options
from ballonet_cli.live import has_screen, show_lines, show_live
from ballonet_cli.options import DURATION, connect_option
from ballonet_cli.order import Order
from ballonet_cli.scene import Scene, scene
from ballonet_cli.site import Site, read_policies
from ballonet_cli.tables import console
from ballonet_cli.view import Window

# A reading that hangs must not keep the person's keys waiting for long.
_DEADLINE: Final = 1.0
# Without policies the plan is made for the guests' needs only: everything is observed, nothing is decided.
_ONLOOKER = Policy(name="onlooker", mode=Mode.OBSERVE, floor=Amount(percent=0))


@click.command(short_help="Watch the host and its guests live.")
@click.option("--policies", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Show targets, reasons and reserves by these policy files.")  # fmt: skip
@host_options
@click.option("--interval", metavar="DURATION", type=DURATION, default="2s", show_default=True)
@click.option("--times", metavar="N", type=click.IntRange(min=1), help="End after so many readings.")
@click.option(
    "--sort", type=click.Choice([order.value for order in Order]), default=Order.NAME.value, show_default=True
)
@connect_option
def top(*, policies: Path | None, interval: float, times: int | None, sort: str) -> None:
    """Watch the host and its guests: what they need, what they have, what they could have.

    On a terminal keys sort, scroll and quit; anywhere else it prints lines.
    """
    require_local("top")
    known = read_policies(policies) if policies else None
    screen = console()
    with connected(read_only=True, deadline=_DEADLINE) as hypervisor:
        look = _Eyes(hypervisor, known)
        if has_screen(screen):
            window = Window(
                width=screen.width,
                height=screen.height,
                order=Order(sort),
                plain=not _unicode(screen.encoding),
            )
            show_live(look, screen, window, interval=interval, times=times)
        else:
            show_lines(look, interval=interval, times=times)


def _unicode(encoding: str) -> bool:
    return encoding.lower().startswith("utf")


class _Eyes:
    """Looks at the site and returns the scene of now."""

    def __init__(self, hypervisor: Hypervisor, policies: list[Policy] | None) -> None:
        self._decided = policies is not None
        known = policies if policies is not None else [_ONLOOKER]
        self._site = Site(hypervisor=hypervisor, policies=known, host=host_now)

    def __call__(self) -> Scene:
        view, made = self._site.look()
        return scene(view, made, decided=self._decided, title="ballonet top")

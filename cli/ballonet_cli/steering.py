"""What the keys of the live view do to the way the scene is looked at."""

from dataclasses import replace

from ballonet_cli.order import Order
from ballonet_cli.view import Window

_FAR = 1_000_000  # More guests than any host has.


def steered(window: Window, key: str, guests: int) -> Window | None:
    """Return how to look at the scene after a key; None: stop looking. Unknown keys change nothing."""
    if key in ("q", "Q"):
        return None
    for order in Order:
        if key == order.key:
            return replace(window, order=order, first=0)
    steps = {
        "up": -1, "k": -1, "down": 1, "j": 1, "page up": -window.rows, "page down": window.rows,
        " ": window.rows, "home": -_FAR, "end": _FAR,
    }  # fmt: skip
    if key in steps:
        return replace(window, first=window.scrolled(steps[key], guests))
    return window

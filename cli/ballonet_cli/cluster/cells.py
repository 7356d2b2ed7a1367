"""The cells that the tables of hosts and policies share."""

from rich.text import Text

from ballonet.manifests.v1alpha1_status import Condition
from ballonet.quantity import format_size
from ballonet_cli.cluster.objects import holds, size_of
from ballonet_cli.durations import format_duration
from ballonet_cli.guest_table import ABSENT
from ballonet_cli.printable import printable


def yes_or_why(condition: Condition | None, *, wanted: bool, bad: str = "red") -> Text:
    """Return ``yes`` or ``no``, the reason instead where it is not what is wanted."""
    found = holds(condition)
    if condition is None or found is None:
        return Text("unknown" if condition else ABSENT, style="yellow" if condition else "")
    if found is wanted:
        return Text("yes" if found else "no")
    return Text(printable(condition.reason), style=bad)


def count(number: int, *, bad: str = "") -> Text:
    """Return a number, in colour where any is too many."""
    return Text(str(number), style=bad if number else "")


def size(text: str | None) -> str:
    """Return a quantity of a status as every other table shows sizes."""
    found = size_of(text)
    return ABSENT if found is None else format_size(found)


def age(created: float, now: float) -> str:
    """Return how long ago that was, in its largest unit."""
    return format_duration(now - created).split()[0] if created else ABSENT

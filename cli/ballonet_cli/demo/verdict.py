"""The demo's end in words: the table of moments, the waiting times, and what it came to."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from ballonet.quantity import format_size
from ballonet_cli.demo.size import Size
from ballonet_cli.demo.story import Moment, Story, Wait
from ballonet_cli.guest_table import size_text
from ballonet_cli.tables import table

_MOMENTS = ("MOMENT", "GUEST", "", ">NEED", ">ACTUAL", ">ON THE HOST", "REASON")
_WAITS = ("GUEST", ">WROTE ITS LOAD IN", ">HAD WHAT IT NEEDS AFTER", ">SHORT OF IT FOR")


def moments_table(story: Story) -> Table:
    """Return one line per moment and guest, and the sum of each moment."""
    return table(_MOMENTS, [row for moment in story.moments for row in _moment(moment, story.budget)])


def _moment(moment: Moment, budget: int) -> Iterator[list[str | Text]]:
    name = moment.name
    for guest in moment.picture.guests.values():
        sizes = [size_text(size) for size in (guest.need, guest.actual, guest.held)]
        reason = guest.reason.value if guest.reason else ""
        yield [name, guest.name, "busy" if guest.name in moment.busy else "idle", *sizes, reason]
        name = ""
    held = moment.picture.held
    inside = held is not None and held <= budget
    words = f"{'inside' if inside else 'NOT inside'} the budget of {format_size(budget)}"
    yield [
        "", Text("sum", style="bold"), "", "",
        size_text(moment.picture.balloons), size_text(held),
        Text(words, style="green" if inside else "bold red"),
    ]  # fmt: skip


def waits_table(story: Story) -> Table:
    """Return how long the guests that began to work waited."""
    return table(_WAITS, [_wait(wait) for wait in story.waits.values()])


def _wait(wait: Wait) -> list[str | Text]:
    return [wait.guest, _seconds(wait.wrote), _seconds(wait.served), _seconds(wait.short)]


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def remarks(story: Story, size: Size) -> Iterator[str]:
    """Return what the tables mean, in sentences."""
    yield (
        "ON THE HOST is min(resident, actual): host memory behind the guest, never more than its balloon"
        f" leaves it. The sum of that was at most {format_size(story.highest)} of the budget of"
        f" {format_size(story.budget)} in {story.looks} looks; {format_size(size.promised)} are promised."
    )
    if story.waits:
        yield (
            f"A load is {format_size(size.load)} at {format_size(size.rate)} a second. A guest had what it"
            " needs when its write was done, its balloon was at or above the need that the agent then saw,"
            " and the margin was usable inside it."
        )
    if story.killed is not None:
        yield (
            f"OOM killer: acted inside {' '.join(story.killed)}."
            if story.killed
            else "OOM killer: quiet in all guests, by their own kernel logs."
        )

"""Following a guest to its target on the screen: a progress bar, or lines where there is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ballonet.errors import GuestGone, Refused
from ballonet.guest import Guest
from ballonet.hypervisor import Hypervisor
from ballonet.quantity import format_size
from ballonet_cli.printable import printable
from ballonet_cli.pursuit import PATIENCE, Pursuit, Verdict
from ballonet_cli.tables import console

# QEMU tells libvirt of a new size once a second.
_BETWEEN: Final = 0.25
Report = Callable[[int], None]


def follow(hypervisor: Hypervisor, guest: Guest, target: int, timeout: float) -> None:
    """Return once the guest is at its target.

    Raises:
        GuestGone: it vanished or was turned off on the way.
        Refused: it does not move any more, or not in time; the message says what is known of why.
    """
    begun = time.monotonic()
    start = guest.actual if guest.actual is not None else target
    pursuit = Pursuit(start=start, target=target, begun=begun, deadline=begun + timeout)
    with _progress(guest.name, pursuit) as report:
        while True:
            latest = _again(hypervisor, guest)
            if latest.actual is not None:
                report(latest.actual)
            verdict = pursuit.observe(latest.actual, time.monotonic())
            if verdict is not Verdict.MOVING:
                break
            time.sleep(_BETWEEN)
    if verdict is not Verdict.REACHED:
        raise Refused(_complaint(latest, target, verdict, timeout), cause=verdict.value)


def _again(hypervisor: Hypervisor, guest: Guest) -> Guest:
    for found in hypervisor.read().guests:
        if found.uuid == guest.uuid and found.active:
            return found
    raise GuestGone(f"{printable(guest.name)} was turned off meanwhile")


def _complaint(guest: Guest, target: int, verdict: Verdict, timeout: float) -> str:
    has = "an unknown size" if guest.actual is None else format_size(guest.actual)
    name = printable(guest.name)
    if verdict is Verdict.LATE:
        return f"{name} is at {has} after {timeout:g} s, on its way to {format_size(target)}; it goes on"
    stopped = f"{name} stopped at {has}, short of {format_size(target)}, and has not moved for {PATIENCE:g} s"
    if guest.sample is None or guest.sample.timestamp <= 0:
        return f"{stopped}: its balloon driver does not answer; load virtio_balloon in the guest"
    if guest.actual is not None and guest.actual > target:
        return f"{stopped}: the guest cannot give up more; free memory in it, or ask for {has}"
    return f"{stopped}: somebody else may have set it meanwhile; see `ballonet show {name}`"


def _words(template: str) -> TextColumn:
    return TextColumn(template, markup=False)  # A name may look like markup.


@contextmanager
def _progress(name: str, pursuit: Pursuit) -> Iterator[Report]:
    """Yield what is to be called with every size that the guest has on its way."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _Lines(name)
        return
    columns = (_words("{task.description}"), BarColumn(), _words("{task.fields[size]}"))
    with Progress(*columns, TimeElapsedColumn(), console=screen) as bar:
        task = bar.add_task(printable(name), total=1.0, size="")

        def report(actual: int) -> None:
            size = f"{format_size(actual)} -> {format_size(pursuit.target)}"
            bar.update(task, completed=pursuit.fraction(actual), size=size)

        yield report


class _Lines:
    """One line whenever the size has changed."""

    def __init__(self, name: str) -> None:
        self._name = printable(name)
        self._last: int | None = None

    def __call__(self, actual: int) -> None:
        if actual != self._last:
            self._last = actual
            console(stderr=True).print(f"{self._name} {format_size(actual)}")

"""What is known about a change to a guest without asking libvirt: whether it can be made, and made now."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ballonet.errors import DeadlineExceeded, Refused
from ballonet.guest import Guest
from ballonet.libvirtd.libvirt_errors import one_line
from ballonet.quantity import KIB, format_size

T = TypeVar("T")

# What a balloon counts in, whatever the size of the guest's own pages: VIRTIO 1.2, 5.5.6.
_PAGE: Final = 4 * KIB


def balloon_size(guest: Guest, size: int) -> int:
    """Return ``size`` as a balloon can have it, in whole pages.

    Raises:
        Refused: this guest's balloon cannot.
    """
    what = f"cannot resize {one_line(guest.name)} to {format_size(size)}"
    if guest.traits is not None and guest.traits.balloon_model == "none":
        raise Refused(f"{what}: it has no balloon device", cause="no_balloon_device")
    if guest.maximum is not None and size > guest.maximum:
        raise Refused(f"{what}: its maximum is {format_size(guest.maximum)}", cause="above_maximum")
    if size < _PAGE:
        raise Refused(f"{what}: that is less than one page", cause="below_minimum")
    return size // _PAGE * _PAGE


@dataclass(slots=True)
class Changes:
    """The changes that are under way, one per guest at most. Thread-safe."""

    _guests: set[str] = field(default_factory=set)

    def once(self, guest: Guest, what: str, call: Callable[[T], None]) -> Callable[[T], None]:
        """Return ``call`` so that it counts as under way while it runs.

        libvirt keeps a change that waits for a frozen guest and makes it when the guest thaws. A second one
        would wait behind it, and the older of the two sizes may come last.

        Raises:
            DeadlineExceeded: an earlier change of this guest has not returned.
        """
        if guest.uuid in self._guests:
            raise DeadlineExceeded(f"cannot {what}: an earlier change of this guest has not returned yet")

        def counted(session: T) -> None:
            self._guests.add(guest.uuid)
            try:
                call(session)
            finally:
                self._guests.discard(guest.uuid)

        return counted

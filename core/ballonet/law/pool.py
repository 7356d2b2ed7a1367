"""The host's side of the law: how much memory guests together may have.

A page is either available or held by a guest, so balloons in motion cancel out and need no bookkeeping::

    pool(R) = available + sum of what guests hold - R - sum of what excluded guests may take
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ballonet.decision import Signals
from ballonet.history import History
from ballonet.host import Host
from ballonet.law.standing import Standing
from ballonet.policy import Policy, Reserves
from ballonet.quantity import MIB

# A host that writes more than this to swap is short of memory, whatever its MemAvailable says: while it
# swaps, the kernel defends some 300 MiB of it (measured on a small host).
SWAPPING_ABOVE: Final = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What there is to divide.

    Attributes:
        available: the host's available memory, or what is left of the budget where that is less.
        held: host memory behind the guests.
        taken: the most that excluded guests may come to hold.
        in_flight: growth that was granted and has not arrived.
        outstanding: what guests may come to hold and do not hold yet: growth in flight, and memory that they
            have never touched.
    """

    available: int
    held: int
    taken: int
    in_flight: int
    outstanding: int

    def pool(self, reserve: int) -> int:
        """Return what the participating guests may have while ``reserve`` stays available."""
        return self.available + self.held - self.taken - reserve


def held_by(standing: Standing) -> int:
    """Return the host memory behind one guest that is, or could become, available.

    Pages of a guest on huge pages never were; a pinned guest holds all that it has. Where the resident
    size cannot be read the last known one stands in, or else the guest's size, or its target.
    """
    guest = standing.guest
    actual = guest.actual if guest.actual is not None else standing.target or 0
    if not guest.active or (guest.traits is not None and guest.traits.hugepages):
        return 0
    if guest.traits is not None and guest.traits.pinned:
        return actual
    resident = guest.resident
    if resident is None and standing.past is not None:
        resident = standing.past.resident
    return min(actual, resident) if resident is not None else actual


def taken_by(standing: Standing) -> int:
    """Return the most that a guest may come to hold before it is told anything else."""
    guest = standing.guest
    if not guest.active or (guest.traits is not None and guest.traits.hugepages):
        return 0
    return max(guest.actual or 0, standing.target or 0)


def supply(host: Host, members: Sequence[Standing], excluded: Sequence[Standing]) -> Supply:
    """Return what there is to divide among ``members``."""
    held = sum(map(held_by, members)) + sum(map(held_by, excluded))
    available = host.available if host.budget is None else min(host.available, host.budget - held)
    return Supply(
        available=available,
        held=held,
        taken=sum(map(taken_by, excluded)),
        in_flight=_in_flight(members) + _in_flight(excluded),
        outstanding=sum(map(taken_by, members)) + sum(map(taken_by, excluded)) - held,
    )


def _in_flight(standings: Iterable[Standing]) -> int:
    return sum(max(0, (s.target or 0) - s.guest.actual) for s in standings if s.guest.actual is not None)


def swapping(host: Host, history: History, now: float) -> bool:
    """Whether the host has been writing to swap since the last cycle."""
    if host.swapped_out is None or history.swapped_out is None or now <= history.seen_at:
        return False
    written = host.swapped_out - history.swapped_out
    return written > SWAPPING_ABOVE * (now - history.seen_at)


def reserves_in_force(
    policies: Iterable[Policy], host: Host, signals: Signals, *, swaps: bool
) -> dict[str, Reserves]:
    """Return each policy's reserves, raised while the host is pressed or an alert asks for it.

    Both at once raise them no further, and an alert only those of the policy that has a rule for it. A
    pressed host takes from all; what an alert asks for that is not critical is a wish, and stops at needs.
    """
    some = host.some.avg10 if host.some is not None else 0.0
    result = {}
    for policy in policies:
        thresholds = policy.host_thresholds
        reserves = thresholds.reserves(host.memory)
        pressed = swaps or some > thresholds.pressure_above
        if pressed or signals.raises(policy.name):
            wished = not pressed and policy.name not in signals.critical
            reserves = reserves.raised(thresholds.pressure_reserve.of(host.memory), wished=wished)
        result[policy.name] = reserves
    return result

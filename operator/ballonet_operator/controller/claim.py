"""Who may lead, judged from a Lease as it was seen; nothing is read, written or timed here.

Nobody's clock is trusted but our own: a lease is dead when its content has not changed for as long as it is
meant to last, by the clock of who waits for it, and never because of a time that is written in it.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

LEASE_DURATION: Final = 15.0
"""Seconds without a sign of life after which others take over; client-go's default, as the next two."""
RENEW_DEADLINE: Final = 10.0
"""Seconds after which a leader that could not renew its lease stops by itself, before others take over."""
RETRY_PERIOD: Final = 2.0
"""Seconds between two renewals, or two looks at another's lease."""
JITTER: Final = 0.2
"""The part of the retry period by which it varies, so that those who wait do not all ask at once."""
_RELEASED_DURATION: Final = 1
"""Seconds that a released lease has left, as client-go writes them: the API server refuses 0."""


class Move(Enum):
    """What to do about a lease."""

    ACQUIRE = auto()
    RENEW = auto()
    WAIT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a Lease says.

    Attributes:
        holder: who leads; empty where nobody does.
        duration: seconds that it lasts from its last renewal.
        acquired: when its holder began to lead, as text for people.
        transitions: how often the holder changed.
    """

    holder: str = ""
    duration: float = LEASE_DURATION
    acquired: str = ""
    transitions: int = 0

    @classmethod
    def of(cls, lease: dict[str, Any]) -> "Claim":
        """Return what an object of the API server says; it has been checked by that server."""
        spec = lease.get("spec") or {}
        return cls(
            holder=spec.get("holderIdentity") or "",
            duration=float(spec.get("leaseDurationSeconds") or LEASE_DURATION),
            acquired=spec.get("acquireTime") or "",
            transitions=int(spec.get("leaseTransitions") or 0),
        )

    def taken_by(self, identity: str, when: str) -> "Claim":
        """Return the claim of who takes it, or of its holder who renews it."""
        if self.holder == identity:
            return replace(self, duration=LEASE_DURATION, acquired=self.acquired or when)
        # The first holder of a lease is not a change of it.
        changes = self.transitions + (1 if self.acquired else 0)
        return Claim(holder=identity, acquired=when, transitions=changes)

    def released(self) -> "Claim":
        """Return the claim that anybody may take at once."""
        return replace(self, holder="", duration=_RELEASED_DURATION)

    def spec(self, when: str) -> dict[str, Any]:
        """Return the ``spec`` of a Lease that says this, renewed at ``when``."""
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": int(self.duration),
            "acquireTime": self.acquired,
            "renewTime": when,
            "leaseTransitions": self.transitions,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A Lease as last seen.

    Attributes:
        lease: the object; None where there is none.
        since: when its content was last seen to change, by our clock.
    """

    lease: dict[str, Any] | None
    since: float

    @property
    def claim(self) -> Claim:
        """What it says."""
        return Claim.of(self.lease or {})

    @property
    def expires(self) -> float:
        """When others may take it, by our clock."""
        return self.since + self.claim.duration


def sighted(before: Sighting | None, lease: dict[str, Any] | None, *, now: float) -> Sighting:
    """Return the sighting after a look; only a change of what the lease says is a sign of life."""
    if before is not None and (before.lease or {}).get("spec") == (lease or {}).get("spec"):
        return Sighting(lease=lease, since=before.since)
    return Sighting(lease=lease, since=now)


def decide(seen: Sighting, identity: str, *, now: float) -> Move:
    """Return what ``identity`` should do about the lease."""
    holder = seen.claim.holder
    if holder == identity:
        return Move.RENEW
    if not holder or now >= seen.expires:
        return Move.ACQUIRE
    return Move.WAIT


def leads(renewed: float | None, *, now: float) -> bool:
    """Whether who renewed its lease at that time may still lead; None means that it never did.

    Args:
        renewed: when the last request that renewed it was sent, which is never after the server took it.
        now: by the same clock.
    """
    return renewed is not None and now - renewed < RENEW_DEADLINE


def unheld(seen: Sighting | None, began: float, *, now: float) -> float:
    """Return for how many seconds nobody has been known to hold the lease; 0 while somebody is.

    Args:
        seen: None when it was never read.
        began: when the first look was due, by the same clock as ``now``.
        now: by the clock of the sighting.
    """
    if seen is None:
        return max(0.0, now - began)
    return max(0.0, now - (seen.expires if seen.claim.holder else seen.since))


def next_look(seen: Sighting | None, identity: str, *, now: float, chance: float) -> float:
    """Return the seconds until the lease should be looked at again.

    Who waits looks once more at the moment when it expires, so that a dead leader is replaced without another
    period's delay.

    Args:
        seen: None when it could not be read.
        identity: ours.
        now: by the clock of the sighting.
        chance: from 0 to 1, by which the period varies.
    """
    period = RETRY_PERIOD * (1 - JITTER + 2 * JITTER * chance)
    if seen is None or decide(seen, identity, now=now) is not Move.WAIT:
        return period
    return min(period, seen.expires - now)

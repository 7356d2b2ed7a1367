"""Who is left alone, and why.

A guest is excluded where a balloon cannot help (no device, huge pages, pinned memory), where nothing is
known (never reported, unreadable), where moving it would hurt (migration, stuck) or where a person said so.
The order matters only for what is reported: the first reason is the one that would have to go first.
"""

from collections.abc import Iterable

from ballonet.guest import Guest, Read, State, Traits
from ballonet.history import Past
from ballonet.law.use import usable
from ballonet.policy import Mode, Policy
from ballonet.reason import Reason


def exclusion(
    guest: Guest, policy: Policy, past: Past | None, now: float, frozen_by_alert: Iterable[str] = ()
) -> Reason | None:
    """Return why this guest, owned by this policy, is left alone; None when it takes part."""
    return (
        _condition(guest)
        or (_nature(guest.traits, now) if guest.traits else Reason.READ_INCOMPLETE)
        or _wish(guest, policy, frozen_by_alert)
        or _knowledge(guest, past, now)
    )


def _condition(guest: Guest) -> Reason | None:
    """What the guest is going through just now."""
    if guest.migrating:
        return Reason.MIGRATING
    if guest.state not in (State.RUNNING, State.IDLE):
        return Reason.NOT_RUNNING
    if guest.read is not Read.OK:
        return Reason.UNRESPONSIVE if guest.frozen else Reason.READ_INCOMPLETE
    if guest.actual is None or not guest.maximum:
        return Reason.READ_INCOMPLETE
    return None


def _nature(traits: Traits, now: float) -> Reason | None:
    """What the guest is, and what its metadata says of it."""
    if traits.balloon_model == "none":
        return Reason.NO_BALLOON_DEVICE
    if traits.overrides.exempt:
        return Reason.EXEMPT
    if traits.overrides.hold is not None and traits.overrides.hold.until > now:
        return Reason.HELD
    if traits.hugepages:
        return Reason.HUGEPAGES
    return Reason.MEMORY_PINNED if traits.pinned else None


def _wish(guest: Guest, policy: Policy, frozen_by_alert: Iterable[str]) -> Reason | None:
    """What the policy, or an alert that it listens to, wants."""
    if policy.mode is Mode.FREEZE:
        return Reason.FROZEN_BY_POLICY
    return Reason.FROZEN_BY_ALERT if guest.uuid in frozen_by_alert else None


def _knowledge(guest: Guest, past: Past | None, now: float) -> Reason | None:
    """What the guest's driver has said, and whether it does as it is told."""
    sample = guest.sample
    if "total" in guest.dropped or "usable" in guest.dropped:
        return Reason.STATISTICS_IMPOSSIBLE
    if sample is None or sample.total is None or usable(sample) is None:
        return Reason.STATISTICS_NEVER_SEEN
    if past is not None and past.course.stuck_until > now:
        return Reason.STUCK
    return None

"""Why a guest is moved or left alone.

A decision's reason is the log field, the metric label, the status text and what tests compare. The words
are CamelCase as Kubernetes conditions want them; ``sentence`` gives the same in English.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The complete list; a new reason needs a sentence below, a test holds the two together."""

    # Growing.
    STARVED = "Starved"
    BELOW_NEED = "BelowNeed"
    BELOW_WANT = "BelowWant"
    SPARE_MEMORY = "SpareMemory"
    POLICY_REMOVED = "PolicyRemoved"
    # Shrinking.
    HOST_LOW = "HostLow"
    HOST_PRESSURE = "HostPressure"
    HOST_ALERT = "HostAlert"
    HOST_CRITICAL = "HostCritical"
    # Owned, and right where it is.
    SETTLED = "Settled"
    SMALL_CHANGE = "SmallChange"
    HOST_FULL = "HostFull"
    # Owned, and left alone.
    OBSERVED = "Observed"
    FROZEN_BY_POLICY = "FrozenByPolicy"
    FROZEN_BY_ALERT = "FrozenByAlert"
    STATISTICS_STALE = "StatisticsStale"
    STATISTICS_NEVER_SEEN = "StatisticsNeverSeen"
    STATISTICS_IMPOSSIBLE = "StatisticsImpossible"
    STUCK = "Stuck"
    HELD = "Held"
    EXEMPT = "Exempt"
    NO_BALLOON_DEVICE = "NoBalloonDevice"
    NOT_RUNNING = "NotRunning"
    MIGRATING = "Migrating"
    HUGEPAGES = "Hugepages"
    MEMORY_PINNED = "MemoryPinned"
    READ_INCOMPLETE = "ReadIncomplete"
    UNRESPONSIVE = "Unresponsive"
    # Nobody's.
    NO_POLICY = "NoPolicy"


_SENTENCES = {
    Reason.STARVED: "the guest is starved and is given more than it has",
    Reason.BELOW_NEED: "the guest has less than it needs",
    Reason.BELOW_WANT: "the guest has what it needs, and is given its headroom",
    Reason.SPARE_MEMORY: "the host has memory to spare",
    Reason.POLICY_REMOVED: "no policy owns the guest any more, so it grows back to its maximum",
    Reason.HOST_LOW: "the host's available memory is below the reserve, and this guest can spare some",
    Reason.HOST_PRESSURE: "tasks on the host wait for memory, and this guest can spare some",
    Reason.HOST_ALERT: "a firing alert asks the host to keep more memory available, and this guest can spare "
    "some",
    Reason.HOST_CRITICAL: "the host's available memory is critical, so guests shrink faster",
    Reason.SETTLED: "the guest has what it should have",
    Reason.SMALL_CHANGE: "the change would be too small to be worth making",
    Reason.HOST_FULL: "the guest should grow, but the host has nothing left to grant",
    Reason.OBSERVED: "the policy only observes",
    Reason.FROZEN_BY_POLICY: "the policy freezes its guests where they are",
    Reason.FROZEN_BY_ALERT: "a firing alert freezes the guest where it is",
    Reason.STATISTICS_STALE: "the guest's statistics are old, so it may grow but never shrink",
    Reason.STATISTICS_NEVER_SEEN: "the guest's balloon driver has never reported statistics",
    Reason.STATISTICS_IMPOSSIBLE: "the guest reports sizes that cannot be true",
    Reason.STUCK: "the guest does not follow its target and is left out for a while",
    Reason.HELD: "a person holds the guest at its size for a time",
    Reason.EXEMPT: "the guest's metadata exempts it",
    Reason.NO_BALLOON_DEVICE: "the guest has no balloon device",
    Reason.NOT_RUNNING: "the guest is not running",
    Reason.MIGRATING: "the guest is being migrated",
    Reason.HUGEPAGES: "the guest's memory is backed by huge pages, which a balloon cannot give back",
    Reason.MEMORY_PINNED: "the guest's memory is locked, or pinned by an assigned device or its encryption",
    Reason.READ_INCOMPLETE: "the last reading of the guest was incomplete",
    Reason.UNRESPONSIVE: "several readings of the guest in a row were incomplete",
    Reason.NO_POLICY: "no policy selects the guest",
}


def sentence(reason: Reason) -> str:
    """Return the reason in English, to stand behind "because"."""
    return _SENTENCES[reason]

"""What a plan consists of: one decision per guest, each with its reason and the numbers behind it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ballonet.guest import Guest
from ballonet.history import History
from ballonet.host import Host
from ballonet.policy import Reserves
from ballonet.reason import Reason


class Starvation(StrEnum):
    """The three faces of starvation, and the alert that says so from outside."""

    FAULTING = "faulting"  # Little usable memory, and major faults or swap-in.
    EXHAUSTED = "exhausted"  # Next to nothing usable; a guest without swap shows no faults before it kills.
    TOOK_BACK = "took back"  # The guest deflated its own balloon above a target it had reached.
    ALERTED = "alerted"  # A firing alert with action Grow names it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What firing alerts ask for, each through the policy that has a rule for it.

    Attributes:
        reclaim: names of policies that keep more memory available.
        critical: names of policies that do so, and whose guests shrink faster as well.
        grow, freeze: guests by uuid, each on behalf of the policy that owns it.
    """

    reclaim: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    grow: frozenset[str] = frozenset()
    freeze: frozenset[str] = frozenset()

    def raises(self, policy: str) -> bool:
        """Whether an alert adds to the reserves of the policy with this name."""
        return policy in self.reclaim or policy in self.critical


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that one cycle decides from, taken at one instant; ``guests`` has no order."""

    host: Host
    guests: tuple[Guest, ...]
    now: float
    signals: Signals = Signals()


class Terms(NamedTuple):
    """The numbers of the law for one guest, in bytes; ``explain`` shows them all.

    Attributes:
        use: what the guest cannot give up.
        margin: added to use against the blur of one sample.
        slope: bytes per second by which use grows, or grew a few seconds ago; never negative.
        need, want, floor: the tiers, clamped to [floor, maximum].
    """

    use: int
    margin: int
    slope: float
    need: int
    want: int
    peak: float
    floor: int
    maximum: int
    weight: int
    fresh: bool
    starved: Starvation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Set the guest's balloon to ``target``.

    Attributes:
        current: the target until now.
        grow_to, shrink_to: the clamp: grow only up to the one, shrink only down to the other.
    """

    guest: Guest
    policy: str | None
    current: int
    target: int
    reason: Reason
    terms: Terms
    grow_to: int
    shrink_to: int

    @property
    def grows(self) -> bool:
        """Whether the guest gets memory."""
        return self.target > self.current


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Leave the guest alone.

    Attributes:
        target: what was last asked of the guest, or what it has; None when not even that is known.
        grow_to, shrink_to: the clamp; None for a guest that takes no part.
        would: under an observing policy, the size that an enforcing one would set.
    """

    guest: Guest
    policy: str | None
    target: int | None
    reason: Reason
    terms: Terms | None = None
    grow_to: int | None = None
    shrink_to: int | None = None
    would: int | None = None


Decision = Resize | Stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now, and what to remember.

    Attributes:
        decisions: one per guest, ordered by name and uuid.
        history: what the next cycle must know; targets enter it only when they were really set.
        reserves: the host's reserves in force by policy name, pressure and alerts included.
        in_force: the strictest of them among the policies that own a guest here.
        available: the host's available memory, or what is left of the budget where that is less.
        pool: bytes that the participating guests may have together while the larger reserve stays free.
        overcommitted: bytes by which the guests' needs exceed what the host can give; 0 when they fit.
        pressed: the host swaps, or the reserves of a policy that owns a guest here are raised: by its own
            thresholds tasks wait for memory, or an alert asks for it.
        adopted: guests whose size somebody else set, with that size.
    """

    decisions: tuple[Decision, ...]
    history: History
    reserves: dict[str, Reserves]
    in_force: Reserves
    available: int
    pool: int
    overcommitted: int
    pressed: bool
    adopted: tuple[tuple[Guest, int], ...] = ()

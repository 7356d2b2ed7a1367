"""A balloon policy as the planner reads it: already parsed, already valid, sizes in bytes.

The manifest form of the same thing is ``v1alpha1``. The defaults and their reasons are in
``docs/control-law.md``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from ballonet.guest import Guest
from ballonet.quantity import MIB, Amount

Labels = tuple[tuple[str, str], ...]


class Mode(StrEnum):
    """What a policy does with the guests it owns."""

    ENFORCE = "Enforce"
    OBSERVE = "Observe"  # Decide and report, touch nothing.
    FREEZE = "Freeze"  # Leave the guests where they are.


class Action(StrEnum):
    """What a firing alert asks for."""

    RECLAIM = "Reclaim"
    CRITICAL = "Critical"
    GROW = "Grow"
    FREEZE = "Freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """An alert that acts while it fires: it has all of these labels, with these values."""

    labels: Labels
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One ``matchExpressions`` entry of a Kubernetes label selector."""

    key: str
    operator: str  # In, NotIn, Exists, DoesNotExist
    values: tuple[str, ...] = ()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether a set of labels meets this requirement."""
        present = self.key in labels
        match self.operator:
            case "Exists":
                return present
            case "DoesNotExist":
                return not present
            case "In":
                return present and labels[self.key] in self.values
            case _:
                return not present or labels[self.key] not in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which hosts or guests a policy means; every part that is given must match, an empty one matches all.

    ``names`` are shell patterns (``web-*``), case-sensitive.
    """

    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()

    def accepts(self, name: str, labels: Labels = (), namespace: str | None = None) -> bool:
        """Whether the thing of this name, with these labels, is meant."""
        if self.names and not any(fnmatchcase(name, pattern) for pattern in self.names):
            return False
        if self.namespaces and namespace not in self.namespaces:
            return False
        if not self.requirements:
            return True
        present = dict(labels)
        return all(requirement.accepts(present) for requirement in self.requirements)


# Where a policy says nothing: 6/4/2 percent of host memory, and never less than a small host needs for one
# cycle of a guest's growth (control-law.md, "Defaults").
_DEFAULT_GROW: Final = (Amount(percent=6), 640 * MIB)
_DEFAULT_RECLAIM: Final = (Amount(percent=4), 400 * MIB)
_DEFAULT_CRITICAL: Final = (Amount(percent=2), 160 * MIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserves:
    """Host bytes kept available: guests grow only above ``grow``, shrink only below ``reclaim``.

    ``wished`` is the part of both that somebody only wishes for: guests give up for it what they have
    beyond their need, and may grow to their need as if it were not there.
    """

    grow: int
    reclaim: int
    critical: int
    wished: int = 0

    def raised(self, by: int, *, wished: bool = False) -> "Reserves":
        """Return these with both reserves lifted, as pressure or an alert does while it lasts."""
        return Reserves(
            grow=self.grow + by, reclaim=self.reclaim + by, critical=self.critical, wished=by if wished else 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostThresholds:
    """The host's thresholds; None means the default, which has a lower bound for small hosts."""

    grow_above: Amount | None = None
    reclaim_below: Amount | None = None
    critical_below: Amount | None = None
    pressure_above: float = 10.0  # PSI memory "some" avg10, percent.
    pressure_reserve: Amount = Amount(percent=4)

    def reserves(self, memory: int) -> Reserves:
        """Return the reserves of a host with ``memory`` bytes; always grow >= reclaim >= critical."""
        critical = _level(self.critical_below, _DEFAULT_CRITICAL, memory)
        reclaim = max(critical, _level(self.reclaim_below, _DEFAULT_RECLAIM, memory))
        grow = max(reclaim, _level(self.grow_above, _DEFAULT_GROW, memory))
        return Reserves(grow=grow, reclaim=reclaim, critical=critical)


def _level(given: Amount | None, default: tuple[Amount, int], memory: int) -> int:
    amount, least = default
    return given.of(memory) if given is not None else max(least, amount.of(memory))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestThresholds:
    """When a guest counts as starved: little usable memory, and faults or swap-in to show for it."""

    usable_below: float = 10.0  # Percent of the guest's actual size.
    major_faults_per_second: float = 50.0
    swap_in_per_second: int = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a guest may shrink, and the smallest change worth making."""

    shrink_percent_per_cycle: float = 10.0  # Of the guest's maximum.
    minimum_change: int = 16 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Terms for the guests that it selects.

    Attributes:
        created: seconds since the epoch; of two policies with one priority the older owns a guest.
        floor: never leave a guest less; a percentage is of the guest's maximum.
        weight: share under contention, 1 to 10000.
        headroom: percent of need that a guest is given on top of it.
        alerts: what acts on the reserves of this policy, or on the guests that it owns, while it fires.
    """

    name: str
    mode: Mode = Mode.ENFORCE
    priority: int = 0
    created: float = 0.0
    hosts: Selector = Selector()
    guests: Selector = Selector()
    floor: Amount = Amount(percent=25)
    weight: int = 100
    headroom: float = 20.0
    host_thresholds: HostThresholds = field(default_factory=HostThresholds)
    guest_thresholds: GuestThresholds = field(default_factory=GuestThresholds)
    pace: Pace = field(default_factory=Pace)
    alerts: tuple[AlertRule, ...] = ()

    def selects(self, guest: Guest) -> bool:
        """Whether this policy means the guest."""
        return self.guests.accepts(guest.name, guest.labels, guest.namespace)


def by_precedence(policies: Iterable[Policy]) -> list[Policy]:
    """Return the policies so that the first one which selects a guest owns it.

    Highest priority, then the older, then the name: a total order, so that the answer never depends on
    the order in which files or objects were read.
    """
    return sorted(policies, key=lambda policy: (-policy.priority, policy.created, policy.name))


def owner(guest: Guest, ordered: Iterable[Policy]) -> Policy | None:
    """Return the policy that owns the guest; ``ordered`` comes from ``by_precedence``."""
    return next((policy for policy in ordered if policy.selects(guest)), None)

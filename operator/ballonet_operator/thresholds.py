"""The numbers of the policies in force, as metrics, for alert rules and dashboards to compare with.

A rule that repeats a number of a policy is wrong as soon as somebody changes the policy. So every threshold
is a series of its own, in base units, with percentages of host memory worked out for this host.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ballonet.policy import Policy
from ballonet_operator.board import Snapshot
from ballonet_operator.family import Family, Sample, of_report
from ballonet_operator.report import Report


def policies_here(report: Report) -> Iterator[Policy]:
    """Yield the policies that select this host, by which the last cycle decided."""
    names = report.plan.reserves if report.plan is not None else ()
    return (report.page.entries[name].policy for name in names if name in report.page.entries)


def host_memory(report: Report) -> int:
    """Return what percentages of host memory are of: the host's memory, or the budget."""
    return report.view.host.memory if report.view is not None else 0


def reserves_raised(report: Report) -> bool:
    """Whether pressure, swapping or an alert has raised the reserves of a policy that owns guests here."""
    return report.plan is not None and report.plan.pressed


def _reserves(report: Report) -> Iterator[Sample]:
    for policy in policies_here(report):
        levels = policy.host_thresholds.reserves(host_memory(report))
        yield (policy.name, "grow"), levels.grow
        yield (policy.name, "reclaim"), levels.reclaim
        yield (policy.name, "critical"), levels.critical


def _pressure_reserves(report: Report) -> Iterator[Sample]:
    for policy in policies_here(report):
        yield (policy.name,), policy.host_thresholds.pressure_reserve.of(host_memory(report))


def _each(value: Callable[[Policy], float]) -> Callable[[Snapshot], Iterable[Sample]]:
    return of_report(lambda report: (((policy.name,), value(policy)) for policy in policies_here(report)))


THRESHOLDS: Final[tuple[Family[Snapshot], ...]] = (
    Family(
        name="policy_reserve_bytes",
        help="The policy's own thresholds for the host's available memory (growAbove, reclaimBelow, "
        "criticalBelow), without what pressure and alerts add.",
        labels=("policy", "level"),
        samples=of_report(_reserves),
    ),
    Family(
        name="policy_pressure_reserve_bytes",
        help="What pressure, swapping and alerts add to the policy's reserves for growing and reclaiming "
        "(pressureReserve).",
        labels=("policy",),
        samples=of_report(_pressure_reserves),
    ),
    Family(
        name="policy_pressure_threshold_ratio",
        help="Share of the last 10 s in which tasks of the host waited for memory, above which the policy's "
        "reserves are raised (pressureAbove).",
        labels=("policy",),
        samples=_each(lambda policy: policy.host_thresholds.pressure_above / 100),
    ),
    Family(
        name="policy_guest_usable_threshold_ratio",
        help="Share of a guest's size below which its usable memory is little (usableBelow).",
        labels=("policy",),
        samples=_each(lambda policy: policy.guest_thresholds.usable_below / 100),
    ),
    Family(
        name="policy_guest_major_faults_threshold_per_second",
        help="Major faults above which a guest with little usable memory is starved (majorFaultsPerSecond).",
        labels=("policy",),
        samples=_each(lambda policy: policy.guest_thresholds.major_faults_per_second),
    ),
    Family(
        name="policy_guest_swap_in_threshold_bytes_per_second",
        help="Swap-in above which a guest with little usable memory is starved (swapInPerSecond).",
        labels=("policy",),
        samples=_each(lambda policy: policy.guest_thresholds.swap_in_per_second),
    ),
)

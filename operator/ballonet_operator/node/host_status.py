"""The status of a BalloonHost, from what the last cycles came to.

Pure. When it is written is decided in ``write_pace``, and what it says of single guests in ``guest_details``.
"""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

from ballonet.decision import Plan
from ballonet.host import Host
from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.v1alpha1_host import HostGuestCounts, HostMemory, HostReserves, HostStatus
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE, Condition
from ballonet.policy import Labels
from ballonet_operator.census import STATES, census, reclaimed
from ballonet_operator.node.guest_details import details, readable
from ballonet_operator.node.observed_policies import observed_policies
from ballonet_operator.node.recent import (
    ALERTMANAGER,
    CONNECTED,
    PRESSURE,
    SETTLED,
    Recent,
    Verdict,
    verdicts,
)
from ballonet_operator.node.untrusted import bounded
from ballonet_operator.report import Report

VERSION: Final = version("ballonet")
_TYPES: Final = (CONNECTED, PRESSURE, SETTLED)


def host_status(recent: Recent, before: HostStatus, host: str, labels: Labels, *, now: float) -> HostStatus:
    """Return the status as it is now.

    While libvirt cannot be reached, the numbers of the last cycle that saw it stay.

    Args:
        recent: what the cycles came to.
        before: the status as last written, perhaps by an agent before this one.
        host: the node's name, by which policies select it.
        labels: of the node.
        now: seconds since the epoch.
    """
    conditions = carried(before.conditions, _conditions(recent, before.conditions), now=now)
    if recent.known is None or recent.known.plan is None or recent.known.view is None:
        return before.model_copy(update={"conditions": conditions, "version": VERSION})
    report, plan = recent.known, recent.known.plan
    page = recent.latest.page if recent.latest is not None else report.page
    shown, omitted = details(report, recent.moved, before.details)
    policies, policies_omitted = observed_policies(page, report.decisions, host, labels)
    return HostStatus(
        conditions=conditions,
        version=VERSION,
        memory=_memory(recent.known.view.host, plan),
        reserves=_reserves(plan, raised=plan.pressed),
        guests=_counts(report),
        reclaimed=readable(reclaimed(report)),
        overcommitted=readable(plan.overcommitted),
        details=shown,
        details_omitted=omitted,
        observed_policies=policies,
        policies_omitted=policies_omitted,
    )


def _conditions(recent: Recent, before: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return all conditions: as found, or as they were, or unknown.

    That of Alertmanager is there only while one is configured.
    """
    found = {each.type: _condition(each) for each in verdicts(recent)}
    known = {each.type: each for each in before} | found
    alerting = (found[ALERTMANAGER],) if ALERTMANAGER in found else ()
    return (*(known.get(kind) or _unknown(kind) for kind in _TYPES), *alerting)


def _condition(verdict: Verdict) -> Condition:
    message = bounded(verdict.message, LONGEST_MESSAGE)
    return condition(verdict.type, verdict.reason, message, holds=verdict.holds)


def _unknown(kind: str) -> Condition:
    return condition(kind, "Unreachable", "libvirt has not answered yet", holds=None)


def _memory(host: Host, plan: Plan) -> HostMemory:
    return HostMemory(
        total=readable(host.memory),
        available=readable(plan.available),
        pressure=None if host.some is None else round(host.some.avg10, 1),
    )


def _reserves(plan: Plan, *, raised: bool) -> HostReserves:
    levels = plan.in_force
    return HostReserves(
        grow=readable(levels.grow),
        reclaim=readable(levels.reclaim),
        critical=readable(levels.critical),
        raised=raised,
    )


def _counts(report: Report) -> HostGuestCounts:
    active = [each for each in report.decisions if each.guest.active]
    counts = {state: count for state, count in census(report).items() if state in STATES}
    selected = sum(each.policy is not None for each in active)
    return HostGuestCounts(total=len(active), selected=selected, **counts)

"""What the last cycles came to, as far as a host's status needs more than the newest one.

Brought up to date in the cycle's thread, so it looks at each guest no longer than it takes to tell whether it
is being released, and closer only at those that were moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ballonet.decision import Plan
from ballonet.quantity import format_size
from ballonet_operator.alerts.matching import Use
from ballonet_operator.node.last_moves import Moved, remembered
from ballonet_operator.node.releasing import progress, releasing
from ballonet_operator.node.untrusted import bounded
from ballonet_operator.report import Report

HOLD: Final = 15.0
"""Seconds that a trouble or a move must be past before a condition says so: while guests follow a load there
is a move every few cycles, and a condition that flaps with each helps nobody."""
CONNECTED: Final = "HypervisorConnected"
PRESSURE: Final = "MemoryPressure"
SETTLED: Final = "Settled"
ALERTMANAGER: Final = "AlertmanagerReachable"
_RAISED: Final = "the host swaps, its tasks wait for memory, or an alert asks for it: its reserves are raised"
_TOLD: Final = 4
"""Alerts that a condition names."""
_NAMED: Final = 60
"""Characters of each name there."""


class Verdict(NamedTuple):
    """A condition without its time; ``holds`` is None where nobody can tell."""

    type: str
    holds: bool | None
    reason: str
    message: str = ""


class Strain(NamedTuple):
    """Something that held at a moment, and what to say of it."""

    at: float
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The last cycles.

    Attributes:
        latest: the last cycle; None before the first one.
        known: the last cycle that came to a plan, whose numbers hold while libvirt is away.
        pressure: when the host was last short of memory.
        unsettled: when guests last moved, waited to be released, or needed more than there is.
        moved: the last move of each guest by uuid.
        moved_at: when guests last moved.
    """

    latest: Report | None = None
    known: Report | None = None
    pressure: Strain | None = None
    unsettled: Strain | None = None
    moved: Mapping[str, Moved] = field(default_factory=dict)
    moved_at: float | None = None

    def after(self, report: Report) -> "Recent":
        """Return what is recent once this cycle has ended."""
        if report.plan is None:
            return replace(self, latest=report)
        return Recent(
            latest=report,
            known=report,
            pressure=_pressure(report.plan, report.at) or self.pressure,
            unsettled=_unsettled(report, report.plan) or self.unsettled,
            moved=remembered(self.moved, report),
            moved_at=self.moved_at if next(report.moves(), None) is None else report.at,
        )


def _pressure(plan: Plan, at: float) -> Strain | None:
    levels = plan.in_force
    if plan.available < levels.critical:
        level = format_size(levels.critical)
        return Strain(at, "Critical", f"available memory is below the critical level of {level}")
    if plan.pressed:
        return Strain(at, "Pressure", _RAISED)
    if plan.available < levels.reclaim:
        level = format_size(levels.reclaim)
        return Strain(at, "Pressure", f"available memory is below the reserve of {level}")
    return None


def _unsettled(report: Report, plan: Plan) -> Strain | None:
    if plan.overcommitted > 0:
        return Strain(report.at, "Overcommitted", "the guests need more than the host can give")
    released = [each for each in plan.decisions if releasing(each)]
    if released:
        return Strain(report.at, "Releasing", progress(released))
    if next(report.moves(), None) is not None:
        return Strain(report.at, "Moving", f"guests were moved within the last {HOLD:.0f} s")
    return None


def verdicts(recent: Recent) -> tuple[Verdict, ...]:
    """Return the conditions of the host, those that are known."""
    return tuple(
        each for each in (_connected(recent), *_memory(recent), _alerting(recent)) if each is not None
    )


def _connected(recent: Recent) -> Verdict | None:
    if recent.latest is None:
        return None
    if recent.latest.lost:
        return Verdict(CONNECTED, holds=False, reason="Unreachable", message=recent.latest.lost)
    return Verdict(CONNECTED, holds=True, reason="Connected", message="libvirt answers")


def _alerting(recent: Recent) -> Verdict | None:
    """Return how it goes with Alertmanager; nothing where none is configured."""
    alerts = recent.latest.alerts if recent.latest is not None else None
    if alerts is None:
        return None
    if not alerts.asked:
        said = "no policy in force here has rules about alerts"
        return Verdict(ALERTMANAGER, holds=None, reason="NotAsked", message=said)
    if alerts.reachable is None:
        return Verdict(ALERTMANAGER, holds=None, reason="Waiting", message="it has not answered yet")
    if not alerts.reachable:
        said = f"no alert acts any more: {alerts.error}"
        return Verdict(ALERTMANAGER, holds=False, reason="Unreachable", message=said)
    return Verdict(ALERTMANAGER, holds=True, reason="Reachable", message=_in_force(alerts.uses))


def _in_force(uses: Sequence[Use]) -> str:
    """Return which alerts act, as far as that is worth reading."""
    if not uses:
        return "no alert is in force"
    told = [
        f"{bounded(use.alertname, _NAMED)} ({use.action}"
        f"{f' {bounded(use.guest, _NAMED)}' if use.uuid else ''} by {bounded(use.policy, _NAMED)})"
        for use in uses[:_TOLD]
    ]
    more = f" and {len(uses) - _TOLD} more" if len(uses) > _TOLD else ""
    return f"in force: {', '.join(told)}{more}"


def _memory(recent: Recent) -> tuple[Verdict, ...]:
    if recent.known is None:
        return ()
    at = recent.known.at
    enough = Verdict(PRESSURE, holds=False, reason="Enough", message="available memory is above the reserve")
    settled = Verdict(SETTLED, holds=True, reason="Settled", message="guests have what they should have")
    return _strained(enough, recent.pressure, at), _strained(settled, recent.unsettled, at)


def _strained(calm: Verdict, strain: Strain | None, at: float) -> Verdict:
    """Return the calm condition, or its opposite until the strain is long enough past."""
    if strain is None or abs(at - strain.at) >= HOLD:
        return calm
    return Verdict(calm.type, holds=not calm.holds, reason=strain.reason, message=strain.message)

"""What one cycle came to: the value that the journal, the metrics and the status read."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ballonet.decision import Decision, Plan, Resize, View
from ballonet.guest import Guest
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.book import Page


class Result(StrEnum):
    """How one request to libvirt ended."""

    DONE = "done"
    REFUSED = "refused"
    GONE = "gone"
    DEADLINE = "deadline"
    UNREACHABLE = "unreachable"
    LATE = "late"  # Not asked: the cycle had no time left.
    DRY_RUN = "dry_run"  # Not asked, on purpose.


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one resize.

    Attributes:
        cause: a short word for metric labels; libvirt's own where it refused.
        message: what libvirt said, untrusted text of one line.
    """

    decision: Resize
    result: Result
    cause: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        """Whether it should have been done and was not. A guest that vanished is no failure."""
        return self.result not in (Result.DONE, Result.GONE, Result.DRY_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSet:
    """A guest that never reported statistics, or stopped to, was asked to report them from now on."""

    guest: Guest
    result: Result
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One cycle.

    Attributes:
        number: counts from 1.
        at: wall clock, seconds since the epoch.
        duration: seconds.
        lost: why the cycle ended early, empty when it did not; libvirt could not be reached.
        alerts: how it goes with Alertmanager; None where none is configured.
        view, plan: None when the cycle ended before there was one.
    """

    number: int
    at: float
    duration: float
    page: Page
    view: View | None = None
    plan: Plan | None = None
    outcomes: tuple[Outcome, ...] = ()
    periods: tuple[PeriodSet, ...] = ()
    lost: str = ""
    alerts: Alerting | None = None

    @property
    def waiting(self) -> str:
        """Return what the cycle had to wait for, so that it decided nothing; empty where it did not."""
        return self.page.waiting if self.plan is None and not self.lost else ""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions of this cycle, one per guest."""
        return self.plan.decisions if self.plan else ()

    def targets(self) -> Iterator[tuple[Guest, int]]:
        """Yield what was last asked of each guest, as far as it is known; what failed was not asked."""
        done = {move.guest.uuid for move in self.moves()}
        for each in self.decisions:
            target = each.current if isinstance(each, Resize) and each.guest.uuid not in done else each.target
            if target is not None:
                yield each.guest, target

    def proposals(self) -> Iterator[tuple[Decision, int]]:
        """Yield what would have been set: for guests of observing policies, and in a dry run for all."""
        for each in self.decisions:
            if not isinstance(each, Resize) and each.would is not None:
                yield each, each.would
        for outcome in self.outcomes:
            if outcome.result is Result.DRY_RUN:
                yield outcome.decision, outcome.decision.target

    def moves(self) -> Iterator[Resize]:
        """Yield the resizes that were really made."""
        return (outcome.decision for outcome in self.outcomes if outcome.result is Result.DONE)

"""One cycle: observe, decide, act, report.

The cycle remembers nothing but the plan's own history, which holds what was really set; after an error the
next one starts from what it then sees.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from ballonet.decision import Plan, View
from ballonet.errors import BallonetError
from ballonet.history import History
from ballonet.plan import plan
from ballonet.policy import Labels, Mode, Policy
from ballonet_operator.act import Actor
from ballonet_operator.alerts.unasked import AlertSource, Unasked
from ballonet_operator.book import Page
from ballonet_operator.observe import Observer
from ballonet_operator.report import Outcome, PeriodSet, Report, Result


class Cycle:
    """Runs cycles, one at a time.

    Args:
        policies: brings the book up to date and returns it.
        interval: seconds from one cycle to the next.
        labels: of the host, for policies that select hosts by label.
        alerts: what fires and acts on this host; by default nothing.
    """

    def __init__(
        self,
        observer: Observer,
        actor: Actor,
        policies: Callable[[], Page],
        *,
        interval: float,
        labels: Callable[[], Labels] = tuple,
        alerts: AlertSource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._observer = observer
        self._actor = actor
        self._policies = policies
        self._interval = interval
        self._labels = labels
        self._alerts = alerts or Unasked()
        self._alerting = self._alerts.standing()
        self._clock = clock
        self._history = History()
        self._number = 0

    def run_once(self, *, releasing: bool = False) -> Report:
        """Observe, decide, act, report. A lost hypervisor ends the cycle; the next one starts afresh.

        With ``releasing`` no policy is in force, so that guests which were managed grow back. Before the
        policies are known nothing is decided: every guest would look like one that no policy owns.
        """
        started, at = time.monotonic(), self._clock()
        self._number += 1
        page = self._policies()
        self._alerting = self._alerts.standing()
        try:
            view = self._observer.observe()
        except BallonetError as error:
            return self._report(page, started, at, lost=str(error))
        if page.waiting and not releasing:
            return self._report(page, started, at, view)
        policies = () if releasing else page.policies_of(view.host.name, self._labels())
        matched, self._alerting = self._alerts.look(view, policies)
        view = replace(view, signals=matched.signals)
        decided = plan(view, policies, self._history, cycle=self._interval)
        self._history = decided.history
        outcomes = self._act(decided)
        periods = self._wake(decided, policies)
        return self._report(page, started, at, view, decided, outcomes, periods)

    def _act(self, decided: Plan) -> tuple[Outcome, ...]:
        """Carry the decisions out; only what was really set enters the history."""
        outcomes = []
        for outcome in self._actor.resize(decided):
            outcomes.append(outcome)
            move = outcome.decision
            if outcome.result is Result.DONE:
                self._history = self._history.commanded(move.guest, move.target, self._clock())
            elif outcome.result is Result.DEADLINE:
                self._history = self._history.attempted(move.guest, move.target)
        return tuple(outcomes)

    def _wake(self, decided: Plan, policies: tuple[Policy, ...]) -> tuple[PeriodSet, ...]:
        """Ask silent guests to report; libvirt does not tell the reading connection that they will."""
        periods = tuple(self._actor.wake(decided, _enforced(policies)))
        for each in periods:
            self._observer.changed(each.guest)
        return periods

    def _report(
        self,
        page: Page,
        started: float,
        at: float,
        view: View | None = None,
        decided: Plan | None = None,
        outcomes: tuple[Outcome, ...] = (),
        periods: tuple[PeriodSet, ...] = (),
        lost: str = "",
    ) -> Report:
        unreached = [each.message for each in outcomes if each.result is Result.UNREACHABLE]
        unreached += [each.message for each in periods if each.result is Result.UNREACHABLE]
        return Report(
            number=self._number,
            at=at,
            duration=time.monotonic() - started,
            page=page,
            view=view,
            plan=decided,
            outcomes=outcomes,
            periods=periods,
            lost=lost or next(iter(unreached), ""),
            alerts=self._alerting,
        )


def _enforced(policies: tuple[Policy, ...]) -> frozenset[str]:
    return frozenset(policy.name for policy in policies if policy.mode is Mode.ENFORCE)

"""The part of the agent's metrics that is about alerts; absent where no Alertmanager is configured."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ballonet.policy import Action
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.board import Snapshot
from ballonet_operator.family import Family, Sample, of_report
from ballonet_operator.report import Report


def _in_force(report: Report) -> Iterator[Sample]:
    """Count each alert once for each thing that it does, however many policies listen to it."""
    if report.alerts is None:
        return
    distinct = {(use.action, use.fingerprint) for use in report.alerts.uses}
    for action in Action:
        yield (action,), sum(each is action for each, _ in distinct)


def _alerting(value: Callable[[Alerting], Iterable[Sample]]) -> Callable[[Snapshot], Iterable[Sample]]:
    def samples(snapshot: Snapshot) -> Iterable[Sample]:
        alerts = snapshot.report.alerts if snapshot.report is not None else None
        return value(alerts) if alerts is not None else ()

    return samples


ALERTS: Final[tuple[Family[Snapshot], ...]] = (
    Family(
        name="alerts_in_force",
        help="Alerts that policies act on, by what they ask for. Those of a policy that only observes count "
        "as well. Absent without --alertmanager.url, as the next ones.",
        labels=("action",),
        samples=of_report(_in_force),
    ),
    Family(
        name="alertmanager_up",
        help="Whether this Alertmanager answered when it was last asked: 1 or 0; absent while it is not "
        "asked, because no policy has rules about alerts.",
        labels=("url",),
        samples=_alerting(lambda alerts: (((url,), up) for url, up in alerts.answers.items())),
    ),
    Family(
        name="alertmanager_last_success_timestamp_seconds",
        help="When one of them last answered; 0 before the first time. Alerts act no longer when this is "
        "older than --alertmanager.expiry.",
        samples=_alerting(lambda alerts: [((), alerts.succeeded_at)]),
    ),
    Family(
        name="alertmanager_polls_total",
        help="How often an Alertmanager was asked, by how that ended.",
        labels=("result",),
        samples=_alerting(lambda alerts: (((result,), count) for result, count in alerts.polls.items())),
    ),
)

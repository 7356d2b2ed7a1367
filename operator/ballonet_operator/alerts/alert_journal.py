"""What the agent's log says of alerts: each once when it begins to act, and once when it is over."""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

from ballonet_operator.alerts.matching import Use
from ballonet_operator.node.untrusted import name
from ballonet_operator.report import Report

log = logging.getLogger(__name__)

_MOST: Final = 20
"""Lines about alerts that begin, or end, in one cycle; somebody who fires thousands fills no disk."""


class AlertJournal:
    """Compares what acts with what acted before."""

    def __init__(self) -> None:
        self._before: Mapping[Use, None] = {}

    def record(self, report: Report) -> None:
        """Log what is new in this report; a cycle that came to no plan says nothing of alerts."""
        if report.plan is None:
            return
        now = dict.fromkeys(report.alerts.uses if report.alerts is not None else ())
        _say("alert in force", [use for use in now if use not in self._before])
        _say("alert over", [use for use in self._before if use not in now])
        self._before = now


def _say(message: str, uses: Iterable[Use]) -> None:
    uses = tuple(uses)
    for use in uses[:_MOST]:
        log.info(message, extra=_facts(use))
    if len(uses) > _MOST:
        log.info("and more of them", extra={"message_of": message, "count": len(uses) - _MOST})


def _facts(use: Use) -> dict[str, object]:
    facts: dict[str, object] = {
        "alertname": name(use.alertname),
        "fingerprint": use.fingerprint,
        "policy": use.policy,
        "mode": use.mode,
        "action": use.action,
    }
    return facts | ({"guest": use.guest} if use.uuid else {}) | {"since": use.started}

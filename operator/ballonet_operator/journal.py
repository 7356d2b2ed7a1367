"""The agent's log: what changed, once; nothing while nothing changes."""

import logging
from collections import Counter
from typing import Final

from ballonet.decision import Decision, Resize, Stay
from ballonet.quantity import format_size
from ballonet.reason import Reason, sentence
from ballonet_operator.alerts.alert_journal import AlertJournal
from ballonet_operator.report import Outcome, Report, Result

log = logging.getLogger(__name__)

# Reasons that a person would want to hear of when they begin and when they end. A guest that has not
# reported yet is most often only booting.
_TROUBLE: Final = {
    Reason.STUCK: logging.WARNING,
    Reason.UNRESPONSIVE: logging.WARNING,
    Reason.STATISTICS_IMPOSSIBLE: logging.WARNING,
    Reason.STATISTICS_STALE: logging.WARNING,
    Reason.STATISTICS_NEVER_SEEN: logging.INFO,
    Reason.NO_BALLOON_DEVICE: logging.INFO,
    Reason.HOST_FULL: logging.INFO,
}


class Journal:
    """Writes about each report what the one before did not say already."""

    def __init__(self) -> None:
        self._lost = ""
        self._failures: dict[str, str] = {}
        self._troubles: dict[str, Decision] = {}
        self._proposed: dict[str, int] = {}
        self._conditions: dict[str, bool] = {}
        self._alerts = AlertJournal()

    def record(self, report: Report) -> None:
        """Log what is new in this report."""
        self._connection(report)
        self._alerts.record(report)
        self._adopted(report)
        for outcome in report.outcomes:
            self._outcome(outcome)
        self._failures = {each.decision.guest.uuid: each.cause for each in report.outcomes if each.failed}
        if report.plan is None:
            return
        self._proposals(report)
        self._periods(report)
        self._trouble(report)
        self._host(report)
        self._cycle(report)

    def _connection(self, report: Report) -> None:
        if report.lost and not self._lost:
            log.error("cycle ended early", extra={"error": report.lost})
        elif self._lost and not report.lost:
            log.info("cycles complete again")
        self._lost = report.lost

    def _outcome(self, outcome: Outcome) -> None:
        move = outcome.decision
        if outcome.result is Result.DONE:
            log.info("guest grown" if move.grows else "guest shrunk", extra=_move(move))
        elif outcome.failed and self._failures.get(move.guest.uuid) != outcome.cause:
            failure = {"cause": outcome.cause, "error": outcome.message}
            log.warning("guest not moved", extra=_move(move) | failure)

    def _proposals(self, report: Report) -> None:
        """Say what would be done where nothing may be, but not every step of a number that drifts."""
        told = {}
        for decision, size in report.proposals():
            uuid = decision.guest.uuid
            before = self._proposed.get(uuid, decision.target if isinstance(decision, Stay) else None)
            told[uuid] = size if before is None or _differs(decision, before, size) else before
            if told[uuid] != before:
                log.info("guest would be moved", extra=_proposal(decision, size))
        self._proposed = told

    def _adopted(self, report: Report) -> None:
        for guest, size in report.plan.adopted if report.plan else ():
            log.info(
                "size set by somebody else adopted",
                extra={"guest": guest.name, "size_bytes": size, "size": format_size(size)},
            )

    def _periods(self, report: Report) -> None:
        for each in report.periods:
            facts = {"guest": each.guest.name}
            if each.result is Result.DONE:
                log.info("statistics period set", extra=facts)
            elif each.result is not Result.GONE:
                log.warning("statistics period not set", extra=facts | {"error": each.message})

    def _trouble(self, report: Report) -> None:
        troubles = {each.guest.uuid: each for each in report.decisions if each.reason in _TROUBLE}
        listed = {each.guest.uuid: each for each in report.decisions}
        for uuid, decision in troubles.items():
            before = self._troubles.get(uuid)
            if before is None or before.reason is not decision.reason:
                log.log(_TROUBLE[decision.reason], "guest in trouble", extra=_trouble(decision))
        for uuid, before in self._troubles.items():
            if uuid in listed and uuid not in troubles:
                now = listed[uuid].reason
                log.info(
                    "guest out of trouble",
                    extra={"guest": before.guest.name, "was": before.reason, "reason": now},
                )
        self._troubles = troubles

    def _host(self, report: Report) -> None:
        assert report.plan is not None
        plan = report.plan
        self._condition("host under pressure", plan.pressed, {"available_bytes": plan.available})
        self._condition(
            "guests need more than the host has",
            plan.overcommitted > 0,
            {"lacking_bytes": plan.overcommitted},
        )

    def _condition(self, name: str, holds: bool, facts: dict[str, object]) -> None:  # noqa: FBT001
        before = self._conditions.get(name, False)
        if holds and not before:
            log.warning(name, extra=facts)
        elif before and not holds:
            log.info(f"no longer: {name}", extra=facts)  # noqa: G004 - one of two constants.
        self._conditions[name] = holds

    def _cycle(self, report: Report) -> None:
        """One line for a cycle that changed something, with its counts by reason."""
        moves = list(report.moves())
        if not moves or report.plan is None:
            return
        reasons = Counter(move.reason for move in moves)
        log.info(
            "cycle",
            extra={
                "cycle": report.number,
                "grown": sum(move.grows for move in moves),
                "shrunk": sum(not move.grows for move in moves),
                "failed": sum(outcome.failed for outcome in report.outcomes),
                "reasons": [f"{reason}:{count}" for reason, count in sorted(reasons.items())],
                "available_bytes": report.plan.available,
                "duration_seconds": report.duration,
            },
        )


def _move(move: Resize) -> dict[str, object]:
    sample, terms = move.guest.sample, move.terms
    facts: dict[str, object] = {
        "guest": move.guest.name,
        "policy": move.policy,
        "from": format_size(move.current),
        "to": format_size(move.target),
        "from_bytes": move.current,
        "to_bytes": move.target,
        "reason": move.reason,
        "need_bytes": terms.need,
        "want_bytes": terms.want,
        "usable_bytes": sample.usable if sample else None,
    }
    return facts | {"starved": terms.starved} if terms.starved else facts


def _differs(decision: Decision, before: int, now: int) -> bool:
    """Whether a proposal has moved by more than a twentieth of the guest's maximum."""
    return abs(now - before) > (decision.guest.maximum or 0) // 20


def _proposal(decision: Decision, size: int) -> dict[str, object]:
    if isinstance(decision, Resize):
        return _move(decision)
    return {
        "guest": decision.guest.name,
        "policy": decision.policy,
        "has_bytes": decision.target,
        "to_bytes": size,
        "to": format_size(size),
        "reason": decision.reason,
    }


def _trouble(decision: Decision) -> dict[str, object]:
    return {
        "guest": decision.guest.name,
        "policy": decision.policy,
        "reason": decision.reason,
        "because": sentence(decision.reason),
    }

"""How badly a guest needs to be looked at, and the words for it."""

from enum import IntEnum
from typing import Final

from ballonet.decision import Decision, Resize, Starvation
from ballonet.guest import State
from ballonet.reason import Reason
from ballonet_operator.report import Outcome


class Rank(IntEnum):
    """The order of guests on the page."""

    TROUBLED = 0
    DOUBTFUL = 1  # What is known of it is old or incomplete.
    MOVING = 2
    CALM = 3
    OFF = 4


_TROUBLED: Final = {
    Reason.STUCK: "stuck",
    Reason.UNRESPONSIVE: "does not answer",
    Reason.STATISTICS_IMPOSSIBLE: "impossible statistics",
    Reason.HOST_FULL: "below its need",
}
_DOUBTFUL: Final = {
    Reason.STATISTICS_STALE: "old statistics",
    Reason.STATISTICS_NEVER_SEEN: "no statistics",
    Reason.READ_INCOMPLETE: "read incomplete",
}
_STARVED: Final = {
    Starvation.FAULTING: "starved: reads back what it had to drop",
    Starvation.EXHAUSTED: "starved: next to nothing usable",
    Starvation.TOOK_BACK: "starved: took memory back by itself",
    Starvation.ALERTED: "starved: an alert says so",
}


def rank(decision: Decision, outcome: Outcome | None) -> Rank:
    """Return where the guest belongs; ``outcome`` is what came of its move, where there was one."""
    if not decision.guest.active:
        return Rank.OFF
    failed = outcome is not None and outcome.failed
    if failed or _starvation(decision) is not None or decision.reason in _TROUBLED:
        return Rank.TROUBLED
    if decision.reason in _DOUBTFUL:
        return Rank.DOUBTFUL
    return Rank.MOVING if isinstance(decision, Resize) else Rank.CALM


def words(decision: Decision, outcome: Outcome | None) -> list[str]:
    """Return everything that is wrong with the guest, in words; nothing where nothing is."""
    found: list[str] = []
    if not decision.guest.active:
        return found
    starvation = _starvation(decision)
    if starvation is not None:
        found.append(_STARVED[starvation])
    known = _TROUBLED.get(decision.reason) or _DOUBTFUL.get(decision.reason)
    if known is not None:
        found.append(known)
    if outcome is not None and outcome.failed:
        found.append(f"not moved: {outcome.cause or outcome.result}")
    if decision.guest.state is State.PAUSED:
        found.append("paused")
    return found


def _starvation(decision: Decision) -> Starvation | None:
    return decision.terms.starved if decision.terms is not None else None

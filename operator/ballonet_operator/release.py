"""Gives the guests their memory back before the agent ends, as far and as fast as the plan allows.

The plan itself does it: with no policy in force every guest that was managed grows back to its maximum, and
no grant goes beyond what the host can spare.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from ballonet.decision import Resize
from ballonet.reason import Reason
from ballonet_operator.pace import Listener
from ballonet_operator.report import Report

log = logging.getLogger(__name__)

_INTERVAL: Final = 0.5
"""Seconds between two looks; guests deflate their balloons at a GiB a second and more."""


def release(
    run_once: Callable[[], Report], listener: Listener, *, timeout: float, abandon: threading.Event
) -> bool:
    """Run releasing cycles until every guest has its maximum, time is up, or somebody cannot wait.

    Returns:
        Whether all have it.
    """
    log.info("releasing memory", extra={"timeout_seconds": timeout})
    until = time.monotonic() + timeout
    while True:
        report = run_once()
        listener(report)
        waiting = _waiting(report)
        if not report.lost and not waiting:
            log.info("memory released")
            return True
        if time.monotonic() >= until or abandon.wait(_INTERVAL):
            log.warning("memory not released to all", extra=_shortfall(report, again=abandon.is_set()))
            return False


def _shortfall(report: Report, *, again: bool) -> dict[str, object]:
    """Return who lacks memory, and why nobody waits any longer."""
    because = "asked to stop again" if again else "time is up"
    facts: dict[str, object] = {"guests": _waiting(report), "because": because}
    if report.lost:
        facts["error"] = report.lost
    elif report.plan is not None:
        facts["available_bytes"] = report.plan.available
    return facts


def _waiting(report: Report) -> list[str]:
    """Return the names of guests that are still to grow back."""
    return [
        each.guest.name
        for each in report.decisions
        if isinstance(each, Resize) or each.reason is Reason.POLICY_REMOVED
    ]

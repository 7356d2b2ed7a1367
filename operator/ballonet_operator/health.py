"""Whether the agent lives, and whether it works: two questions with different answers.

A cycle that could not reach libvirt was completed all the same: restarting the agent would not help, so it
is alive. It is not ready.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from ballonet_operator.report import Report


class Verdict(NamedTuple):
    """An answer for a probe, with its reason."""

    good: bool
    sentence: str


class Health:
    """Judges by the age of the last cycles.

    Args:
        patience: seconds without a completed cycle after which the agent has stalled.
    """

    def __init__(self, *, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._completed = clock()
        self._lost: str | None = "no cycle was completed yet"

    def record(self, report: Report) -> None:
        """Take note of a completed cycle."""
        waiting = f"waiting for {report.waiting}" if report.waiting else None
        self._completed, self._lost = self._clock(), report.lost or waiting

    def alive(self) -> Verdict:
        """Whether cycles are completed at all."""
        age = self._clock() - self._completed
        if age > self._patience:
            return Verdict(good=False, sentence=f"stalled: the last cycle was completed {age:.1f} s ago")
        return Verdict(good=True, sentence="healthy")

    def ready(self) -> Verdict:
        """Whether the last cycle reached libvirt and did its work."""
        alive = self.alive()
        if not alive.good:
            return alive
        return Verdict(
            good=self._lost is None, sentence=f"not ready: {self._lost}" if self._lost else "ready"
        )

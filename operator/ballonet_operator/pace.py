"""Repeats the cycle at a fixed cadence, in a thread of its own, until it is told to stop."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from ballonet_operator.report import Report

log = logging.getLogger(__name__)

Listener = Callable[[Report], None]


class Pace:
    """One cycle every ``interval`` seconds.

    A cycle that takes longer is not made up for: the next one starts at once, and the beat from there.
    """

    def __init__(
        self,
        run_once: Callable[[], Report],
        *,
        interval: float,
        listeners: Sequence[Listener],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._run_once = run_once
        self._interval = interval
        self._listeners = listeners
        self._late = False

    def run(self, stop: threading.Event) -> None:
        """Run cycles until ``stop`` is set."""
        due = self._clock()
        while not stop.is_set():
            report = self._run_once()
            for listen in self._listeners:
                listen(report)
            due = self._next(due + self._interval, report)
            stop.wait(max(0.0, due - self._clock()))

    def _next(self, due: float, report: Report) -> float:
        """Return when the next cycle is due; says once that cycles are late, and once that they are not."""
        now = self._clock()
        late = now > due
        if late and not self._late:
            facts = {"duration_seconds": report.duration, "interval_seconds": self._interval}
            log.warning("cycle late: it took longer than the interval", extra=facts)
        if self._late and not late:
            log.info("cycles on time again")
        self._late = late
        return now if late else due

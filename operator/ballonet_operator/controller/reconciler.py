"""The one loop of the controller: from what was seen to what is written, level-triggered.

A change only wakes it. What it does follows from how things are, so a change that was missed or came twice
makes no difference.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Final

from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.controller.aggregation import status_of
from ballonet_operator.controller.publisher import Publisher
from ballonet_operator.controller.record import Record
from ballonet_operator.controller.sweeper import Sweeper
from ballonet_operator.controller.world import World
from ballonet_operator.relist import retry_delay

log = logging.getLogger(__name__)

SETTLING: Final = 1.0
"""Seconds that a change waits for others, and the most often that anything is done."""
LONGEST_REST: Final = 60.0
"""Seconds after which it looks again whatever happens."""


class Reconciler:
    """One thread.

    Args:
        leading: whether we may write at this moment.
    """

    def __init__(
        self,
        world: World,
        publisher: Publisher,
        sweeper: Sweeper,
        record: Record,
        leading: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._world, self._publisher, self._sweeper, self._record = world, publisher, sweeper, record
        self._leading, self._clock = leading, clock
        self._pending: set[str] = set()
        self._due: float | None = None
        self._failures, self._not_before = 0, 0.0
        self._problem = ""
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._began: float | None = None
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at what has changed, soon; may be called by any thread."""
        self._wake.set()

    def stop(self, timeout: float = 1.0) -> None:
        """End after the running request; one that hangs is left behind."""
        self._stopped.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    @property
    def problem(self) -> str:
        """Why statuses cannot be written now; empty where they can."""
        return self._problem

    def busy(self) -> float:
        """Return for how many seconds the present reconcile has been going on; 0 between two."""
        began = self._began
        return 0.0 if began is None else self._clock() - began

    def _run(self) -> None:
        rest = LONGEST_REST
        while not self._stopped.is_set():
            self._wake.wait(rest)
            # What follows within a second is done at once with it.
            if self._stopped.wait(SETTLING):
                return
            self._wake.clear()
            rest = self.run_once()

    def run_once(self) -> float:
        """Reconcile once; returns the seconds after which there is something to do even without a change."""
        began = self._began = self._clock()
        result = self._reconcile()
        self._began = None
        now = self._clock()
        self._record.reconciled(result, duration=now - began, now=time.time())
        return min(LONGEST_REST, max(0.0, self._next() - now))

    def _reconcile(self) -> str:
        self._pending |= self._world.settle()
        if not self._world.complete:
            return "waiting"
        self._sweeper.look(self._world.homeless(), clock=self._clock())
        if not self._leading():
            # Whoever leads writes it; should we take over, everything is looked at.
            self._pending = self._world.names()
            return "waiting"
        if self._clock() < self._not_before:
            return "failed"
        try:
            self._publish()
            self._sweeper.sweep(clock=self._clock())
        except (ApiServerUnreachable, ApiServerRefused) as error:
            self._fail(str(error))
            return "failed"
        self._recover()
        return "complete"

    def _publish(self) -> None:
        """Write the statuses that are due; what can wait stays pending."""
        self._publisher.forget(self._world.names())
        self._due = None
        waiting = set()
        for name in sorted(self._pending):
            if self._stopped.is_set() or not self._leading():
                return
            if (when := self._write(name)) is not None:
                waiting.add(name)
                self._due = when if self._due is None else min(self._due, when)
        self._pending = waiting

    def _write(self, name: str) -> float | None:
        """Write one status if it is due; returns when it is to be looked at again, None where it is well."""
        tally = self._world.tally(name)
        if tally is None:
            return None
        found = status_of(tally, self._world.policy, now=time.time())
        when, clock = self._publisher.due(tally.facts, found), self._clock()
        if when is None or when > clock:
            return when
        stored = self._publisher.publish(tally.facts, found, now=time.time(), clock=clock)
        if stored is None:
            return self._publisher.due(tally.facts, found)
        self._world.policies.answered(stored)
        return None

    def _next(self) -> float:
        """Return when there is something to do without a change."""
        if not self._world.complete or not self._leading():
            return math.inf
        dues = [when for when in (self._due, self._sweeper.due()) if when is not None]
        return self._not_before if self._failures else min(dues, default=math.inf)

    def _fail(self, problem: str) -> None:
        self._failures += 1
        chance = random.random()  # noqa: S311 - it spreads requests and guards nothing.
        self._not_before = self._clock() + retry_delay(self._failures, chance)
        if problem != self._problem:
            log.warning("statuses not written", extra={"error": problem})
        self._problem = problem

    def _recover(self) -> None:
        if self._failures:
            log.info("statuses written again")
        self._failures, self._problem = 0, ""

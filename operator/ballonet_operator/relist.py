"""Reads full lists and heals inventories by them: once a watch is open, and then every few minutes.

A watch that was interrupted may have missed deletes, so everything is listed anew when it is back. The times
vary, so that a thousand agents that were started together do not list together for ever.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from ballonet.api_kinds import Kind
from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.inventory import Inventory

log = logging.getLogger(__name__)

_JITTER: Final = 0.1
_FIRST_RETRY: Final = 1.0
_LAST_RETRY: Final = 60.0
_OPENING: Final = 10.0
"""Seconds that the first lists wait for the watch; made before it, they would have to be made again."""
_SPREAD: Final = 20.0
"""Seconds over which thousands of agents spread their lists when an API server is back: each has a full list
already, and its watch goes on."""
_SHARE: Final = 15
"""What part of the interval that may take at most: 20 s of the usual 5 min."""
_GLANCE: Final = 0.3
"""Seconds between two looks at whether the watch is open."""

Source = tuple[Kind, Inventory[Any]]


def retry_delay(failures: int, chance: float) -> float:
    """Return the seconds until what failed that often in a row is tried again: doubled, bounded, varied.

    Args:
        failures: 1 or more.
        chance: from 0 to 1.
    """
    longest = min(_LAST_RETRY, _FIRST_RETRY * 2.0 ** min(failures - 1, 10))
    return longest * (0.5 + 0.5 * chance)


def spread(interval: float) -> float:
    """Return the longest time in seconds that a list waits when a watch has come back."""
    return min(_SPREAD, interval / _SHARE)


class Relist:
    """One thread that lists each kind.

    Args:
        server: it is asked for one list at a time.
        sources: what is listed, and who is healed by it.
        interval: seconds from one list to the next.
        connected: whether the watch over the same objects is open; None where nobody can tell.
    """

    def __init__(
        self,
        server: ApiServer,
        sources: Sequence[Source],
        *,
        interval: float,
        connected: Callable[[], bool] | None = None,
    ) -> None:
        self._server, self._sources, self._interval = server, sources, interval
        self._connected, self._was_connected = connected or (lambda: False), False
        self._first_wait = 0.0 if connected is None else _OPENING
        self._stopped = threading.Event()
        self._problems: dict[Kind, str] = {}
        self._failures = 0
        self._succeeded: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="relist", daemon=True)

    @property
    def failures(self) -> int:
        """How many lists have failed since the start."""
        return self._failures

    @property
    def succeeded(self) -> dict[str, float]:
        """When each kind was last listed to the end, in seconds since the epoch, by its plural."""
        return dict(self._succeeded)

    def start(self) -> None:
        """Read the first lists, in the thread."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End; a request that hangs is left behind."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        pending, failures, wait = list(self._sources), 0, self._first_wait
        while True:
            if self._rest(wait):
                pending = list(self._sources)
                self._stopped.wait(self._spread())
            if self._stopped.is_set():
                return
            pending = [source for source in pending if not self._heal(source)]
            chance = random.random()  # noqa: S311 - it spreads requests and guards nothing.
            if pending:
                failures += 1
                wait = retry_delay(failures, chance)
            else:
                pending, failures = list(self._sources), 0
                wait = self._interval * (1 - _JITTER + 2 * _JITTER * chance)

    def _rest(self, seconds: float) -> bool:
        """Wait until the time is over, or the watch has come back, which is returned, or all ends."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            before, self._was_connected = self._was_connected, self._connected()
            if self._was_connected and not before:
                return True
            if self._stopped.wait(min(left, _GLANCE)):
                return False
        return False

    def _spread(self) -> float:
        """Return the seconds to wait before all is listed anew, because the watch has come back."""
        if not all(inventory.complete for _, inventory in self._sources):
            return 0.0
        return random.uniform(0, spread(self._interval))  # noqa: S311 - spreads requests, guards nothing.

    def _heal(self, source: Source) -> bool:
        """List one kind; returns whether that worked."""
        kind, inventory = source
        try:
            inventory.heal(self._server.list(kind))
        except (ApiServerUnreachable, ApiServerRefused) as error:
            self._failures += 1
            self._say(kind, str(error))
            return False
        self._succeeded[kind.plural] = time.time()
        self._say(kind, "")
        return True

    def _say(self, kind: Kind, problem: str) -> None:
        before = self._problems.get(kind, "")
        if problem and problem != before:
            log.warning("objects not listed", extra={"kind": kind.plural, "error": problem})
        if before and not problem:
            log.info("objects listed again", extra={"kind": kind.plural})
        self._problems[kind] = problem

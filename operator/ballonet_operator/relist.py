"""Reads full lists, at the start and then every few minutes, and heals inventories by them.

The times vary, so that a thousand agents that were started together do not list together for ever.
"""

import logging
import random
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from ballonet.apiserver import ApiServer, Kind
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.inventory import Inventory

log = logging.getLogger(__name__)

_JITTER: Final = 0.1
_FIRST_RETRY: Final = 1.0
_LAST_RETRY: Final = 60.0

Source = tuple[Kind, Inventory[Any]]


def retry_delay(failures: int, chance: float) -> float:
    """Return the seconds until what failed that often in a row is tried again: doubled, bounded, varied.

    Args:
        failures: 1 or more.
        chance: from 0 to 1.
    """
    longest = min(_LAST_RETRY, _FIRST_RETRY * 2.0 ** min(failures - 1, 10))
    return longest * (0.5 + 0.5 * chance)


class Relist:
    """One thread that lists each kind.

    Args:
        server: it is asked for one list at a time.
        sources: what is listed, and who is healed by it.
        interval: seconds from one list to the next.
    """

    def __init__(self, server: ApiServer, sources: Sequence[Source], *, interval: float) -> None:
        self._server, self._sources, self._interval = server, sources, interval
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
        pending, failures, wait = list(self._sources), 0, 0.0
        while not self._stopped.wait(wait):
            pending = [source for source in pending if not self._heal(source)]
            chance = random.random()  # noqa: S311 - it spreads requests and guards nothing.
            if pending:
                failures += 1
                wait = retry_delay(failures, chance)
            else:
                pending, failures = list(self._sources), 0
                wait = self._interval * (1 - _JITTER + 2 * _JITTER * chance)

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

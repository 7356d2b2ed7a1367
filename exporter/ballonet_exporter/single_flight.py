"""One running call serves everybody who asks while it runs.

Two Prometheus servers, or a slow scrape that the next one catches up with, must not ask the hypervisor twice
at once: the second gets what the first is already waiting for.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

from ballonet.errors import DeadlineExceeded

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Makes ``call`` shared; it is called with a deadline in seconds. Thread-safe."""

    def __init__(self, call: Callable[[float], T]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._flight: Future[T] | None = None

    def __call__(self, deadline: float) -> T:
        """Return what ``call`` returns, or what the running one will have returned within ``deadline``.

        Raises:
            DeadlineExceeded: somebody else's call did not end in time.
        """
        with self._lock:
            running = self._flight
            if running is None:
                mine = self._flight = Future[T]()
        if running is None:
            return self._fly(mine, deadline)
        try:
            return running.result(deadline)
        except (TimeoutError, CancelledError) as error:
            raise DeadlineExceeded("the collection of another scrape did not end in time") from error

    def _fly(self, flight: Future[T], deadline: float) -> T:
        try:
            result = self._call(deadline)
            flight.set_result(result)
            return result
        finally:
            with self._lock:
                self._flight = None
            flight.cancel()  # Wakes who waits, if the call raised; does nothing after a result.

"""A token bucket: so many requests at once, and one more per interval (``rate_limit`` of the web file)."""

import threading
import time
from collections.abc import Callable


class Rate:
    """Allows ``burst`` requests at once and one more every ``interval`` seconds. Thread-safe."""

    def __init__(self, interval: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._counted = clock()

    def allows(self) -> bool:
        """Whether one more request may be answered now; if so it is counted."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._counted) / self._interval)
            self._counted = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

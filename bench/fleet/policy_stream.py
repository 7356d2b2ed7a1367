"""What the policies' statuses say, as it happens: a watch that notes when each sum was first seen."""

import bisect
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fleet.connection import POLICIES, Connection, Target, watched
from fleet.traffic import Write

_EVERY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of one policy in the order in which they were seen, none below one before it."""

    at: list[float] = field(default_factory=list)
    total: list[int] = field(default_factory=list)

    def add(self, at: float, total: int) -> None:
        if not self.total or total > self.total[-1]:
            self.at.append(at)
            self.total.append(total)

    def first_with(self, total: int) -> float | None:
        place = bisect.bisect_left(self.total, total)
        return self.at[place] if place < len(self.at) else None


class PolicyStream:
    """A watch of all policies, in a thread of its own that ends with the process."""

    def __init__(self, target: Target) -> None:
        self.ready_at: dict[str, float] = {}
        self.latest: Counter[str] = Counter()
        self.events = 0
        self._sums: dict[str, Sums] = defaultdict(Sums)
        connection = Connection(target)
        found = connection.get(POLICIES)
        connection.close()
        self.names = {each["metadata"]["name"] for each in found["items"]}
        lines = watched(target, POLICIES, found["metadata"]["resourceVersion"])
        threading.Thread(target=self._follow, args=(lines,), daemon=True).start()

    def _follow(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            now = time.monotonic()
            policy: dict[str, Any] = json.loads(line)["object"]
            name, status = policy["metadata"]["name"], policy.get("status") or {}
            self.events += 1
            if any(each["type"] == "Ready" for each in status.get("conditions") or ()):
                self.ready_at.setdefault(name, now)
            total = (status.get("guests") or {}).get("selected", 0)
            self.latest[name] = total
            self._sums[name].add(now, total)

    def wait_until_ready(self, within: float) -> float:
        """Wait until every policy has a Ready condition, and return when the last one got it."""
        self._wait(lambda: self.names <= self.ready_at.keys(), within, "every policy has a Ready condition")
        return max(self.ready_at.values())

    def wait_for(self, totals: Counter[str], within: float) -> None:
        """Wait until the statuses have exactly these sums; what is missing counts as zero."""
        self._wait(lambda: self.latest == totals, within, "the policies' sums are those of the hosts")

    def wait_until_quiet(self, seconds: float, within: float) -> None:
        """Wait until no policy has changed for so long."""
        last: list[Any] = [-1, 0.0]

        def quiet() -> bool:
            if last[0] != self.events:
                last[:] = [self.events, time.monotonic()]
            return time.monotonic() - float(last[1]) >= seconds

        self._wait(quiet, within, "the policies rest")

    def lags(self, writes: Sequence[Write]) -> tuple[list[float], int]:
        """Return the seconds until each write was in its policy's status, and how many never were."""
        seen = [(self._sums[write.policy].first_with(write.total), write.at) for write in writes]
        return [max(0.0, at - begun) for at, begun in seen if at is not None], sum(
            at is None for at, _ in seen
        )

    def _wait(self, look: Any, within: float, what: str) -> None:
        deadline = time.monotonic() + within
        while not look():
            if time.monotonic() > deadline:
                raise SystemExit(f"it did not happen within {within:g} s that {what}")
            time.sleep(_EVERY)

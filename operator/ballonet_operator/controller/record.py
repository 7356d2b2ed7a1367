"""What the controller has done since its start, for its metrics; thread-safe."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """Everything that was counted.

    Attributes:
        reconciles: by result: complete, failed, waiting (nothing is written before everything was listed, and
            by one that does not lead).
        duration: seconds that the last one took; None before the first.
        succeeded: when the last complete one ended, in seconds since the epoch; 0 before it.
        writes: requests that write, by what is written and its result.
        removed: BalloonHosts of nodes that are gone.
    """

    reconciles: Mapping[str, int] = field(default_factory=dict)
    duration: float | None = None
    succeeded: float = 0.0
    writes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    removed: int = 0


class Record:
    """Counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reconciles: Counter[str] = Counter({"complete": 0, "failed": 0, "waiting": 0})
        self._writes: Counter[tuple[str, str]] = Counter(
            {(kind, result): 0 for kind in ("status", "event") for result in ("written", "failed")}
        )
        self._duration: float | None = None
        self._succeeded, self._removed = 0.0, 0

    def reconciled(self, result: str, *, duration: float, now: float) -> None:
        """Count a reconcile."""
        with self._lock:
            self._reconciles[result] += 1
            self._duration = duration
            if result == "complete":
                self._succeeded = now

    def wrote(self, kind: str, *, good: bool) -> None:
        """Count a request that writes."""
        with self._lock:
            self._writes[kind, "written" if good else "failed"] += 1

    def removed(self) -> None:
        """Count a BalloonHost that was removed."""
        with self._lock:
            self._removed += 1

    def deeds(self) -> Deeds:
        """Return everything as it is now."""
        with self._lock:
            return Deeds(
                reconciles=dict(self._reconciles),
                duration=self._duration,
                succeeded=self._succeeded,
                writes=dict(self._writes),
                removed=self._removed,
            )

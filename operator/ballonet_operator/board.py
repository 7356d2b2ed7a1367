"""The last report and the sums over all of them, for whoever asks in another thread."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ballonet.reason import Reason
from ballonet_operator.page.chronicle import Chronicle, Made
from ballonet_operator.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it goes with the API server of Kubernetes.

    Attributes:
        connected: the watches are open.
        listed_at: when the policies were last listed to the end, seconds since the epoch; 0 before that.
        requests: what was written of this host, by how it ended.
    """

    connected: bool
    listed_at: float
    requests: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that metrics are made from.

    Attributes:
        report: the last cycle; None before the first one.
        complete: the last cycle that was not cut short; None before the first such one.
        moves: resizes by (direction, reason) since the start.
        moved: bytes by direction since the start.
        failures: resizes that failed, by cause, since the start.
        cycles: cycles by their result since the start.
        made: the last moves, the newest first.
        last: the last move of each guest by uuid.
        standing: None where the agent has nothing to do with Kubernetes.
    """

    report: Report | None = None
    complete: Report | None = None
    moves: Mapping[tuple[str, Reason], int] = field(default_factory=dict)
    moved: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    cycles: Mapping[str, int] = field(default_factory=dict)
    made: Sequence[Made] = ()
    last: Mapping[str, Made] = field(default_factory=dict)
    standing: Standing | None = None


class Board:
    """Collects reports; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._report: Report | None = None
        self._complete: Report | None = None
        self._moves: Counter[tuple[str, Reason]] = Counter()
        self._moved: Counter[str] = Counter({"grow": 0, "reclaim": 0})
        self._failures: Counter[str] = Counter()
        self._cycles: Counter[str] = Counter({"complete": 0, "lost": 0})
        self._chronicle = Chronicle()

    def record(self, report: Report) -> None:
        """Take note of a cycle."""
        with self._lock:
            self._report = report
            result = "lost" if report.lost else "waiting" if report.waiting else "complete"
            self._complete = report if result == "complete" else self._complete
            self._cycles[result] += 1
            self._chronicle.record(report)
            for move in report.moves():
                direction = "grow" if move.grows else "reclaim"
                self._moves[direction, move.reason] += 1
                self._moved[direction] += abs(move.target - move.current)
            self._failures.update(outcome.cause for outcome in report.outcomes if outcome.failed)

    def snapshot(self) -> Snapshot:
        """Return all of it as it is now."""
        with self._lock:
            return Snapshot(
                report=self._report,
                complete=self._complete,
                moves=dict(self._moves),
                moved=dict(self._moved),
                failures=dict(self._failures),
                cycles=dict(self._cycles),
                made=self._chronicle.recent(),
                last=self._chronicle.last(),
            )

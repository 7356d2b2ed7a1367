"""What the agents and kubelets of a simulated fleet write while it lives, and a record of each write.

Each write of a status counts one guest more for one of the policies there, so that the policies' sums tell
which writes are in them.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ballonet.quantity import GIB, format_size
from fleet.connection import APPLY, AS_AGENT, HOSTS, MERGE, NODES, Connection, Target

Json = dict[str, Any]

_AT_ONCE: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A status that was written: the policy that it counts for, the sum with it, when it was answered."""

    policy: str
    total: int
    at: float


def changed(status: Json, dice: random.Random) -> str:
    """Change a status in place as a few cycles of an agent would; return the policy that counts one more."""
    part = status["status"]
    part["memory"]["available"] = format_size(dice.randrange(20, 60) * GIB)
    for detail in part["details"][:4]:
        detail["actual"] = detail["target"] = format_size(dice.randrange(GIB, 2 * GIB))
    settled = part["conditions"][-1]
    settled["status"], settled["reason"] = dice.choice((("True", "Settled"), ("False", "Moving")))
    observed = dice.choice([each for each in part["observedPolicies"] if each.get("guests", {}).get("owned")])
    observed["guests"]["selected"] += 1
    observed["reclaimed"] = format_size(dice.randrange(GIB, 40 * GIB))
    return str(observed["name"])


def totals(statuses: Mapping[str, bytes]) -> Counter[str]:
    """Return how many guests each policy selects, on all hosts together."""
    found: Counter[str] = Counter()
    for status in statuses.values():
        for each in json.loads(status)["status"]["observedPolicies"]:
            found[each["name"]] += each.get("guests", {}).get("selected", 0)
    return found


class Traffic:
    """The writers. ``statuses`` are the hosts' as last written; only one run is on at a time."""

    def __init__(self, target: Target, statuses: Mapping[str, bytes]) -> None:
        self.statuses = dict(statuses)
        self.totals = totals(statuses)
        self.writes: list[Write] = []
        self._target = target
        self._names = list(statuses)
        self._next = 0
        self._lock = threading.Lock()
        self._dice = random.Random(4)

    def run(self, seconds: float, *, busy: float, heartbeats: float) -> None:
        """Write statuses and nodes at these rates per second; as fast as it goes where a rate is infinite."""
        ends = time.monotonic() + seconds
        connections = 1 if 0 < busy < 50 else _AT_ONCE
        works = [partial(self._repeat, self._write_status, busy / connections, ends)] * connections
        works = works * bool(busy) + [partial(self._repeat, self._beat, heartbeats, ends)]
        with ThreadPoolExecutor(len(works) + 1) as pool:
            list(pool.map(lambda work: work(), works))
            time.sleep(max(0.0, ends - time.monotonic()))

    def _repeat(self, work: Callable[[Connection], None], rate: float, ends: float) -> None:
        connection, due = Connection(self._target), time.monotonic()
        while (now := time.monotonic()) < ends:
            if now < due:
                time.sleep(due - now)
            due += 1 / rate
            work(connection)
        connection.close()

    def _write_status(self, connection: Connection) -> None:
        with self._lock:
            name = self._names[self._next % len(self._names)]
            self._next += 1
            status = json.loads(self.statuses[name])
            policy = changed(status, self._dice)
        body = json.dumps(status).encode()
        connection.send("PATCH", f"{HOSTS}/{name}/status{AS_AGENT}", body, APPLY)
        with self._lock:
            self.statuses[name] = body
            self.totals[policy] += 1
            self.writes.append(Write(policy=policy, total=self.totals[policy], at=time.monotonic()))

    def _beat(self, connection: Connection) -> None:
        """Renew a node's status, as kubelets do every five minutes where nothing changed."""
        name = self._dice.choice(self._names)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": when}
        body = json.dumps({"status": {"conditions": [ready]}}).encode()
        connection.send("PATCH", f"{NODES}/{name}/status", body, MERGE)

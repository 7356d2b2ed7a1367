"""Making a fleet's objects on an API server: nodes, BalloonHosts, their statuses, policies."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from fleet.connection import APPLY, AS_AGENT, HOSTS, NODES, POLICIES, Connection, Target
from fleet.hosts import SimulatedHost, host_object, node_object, status_object

Json = dict[str, Any]

_AT_ONCE: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What was made: the statuses by host, serialised, and how long it took."""

    statuses: dict[str, bytes]
    seconds: float

    @property
    def mean_size(self) -> float:
        return sum(map(len, self.statuses.values())) / max(1, len(self.statuses))


def populate(target: Target, hosts: Sequence[SimulatedHost], policies: Sequence[Json]) -> Population:
    """Create everything; BalloonHosts and statuses by server-side apply, as agents do it."""
    now = time.time()
    statuses = {host.name: json.dumps(status_object(host, now=now)).encode() for host in hosts}
    begun = time.monotonic()
    in_parallel(target, [_policy(each) for each in policies])
    in_parallel(target, [_host(host, statuses[host.name]) for host in hosts])
    return Population(statuses=statuses, seconds=time.monotonic() - begun)


Work = Callable[[Connection], object]


def _policy(policy: Json) -> Work:
    return lambda connection: connection.send("POST", POLICIES, json.dumps(policy).encode())


def _host(host: SimulatedHost, status: bytes) -> Work:
    def make(connection: Connection) -> None:
        node = json.loads(connection.send("POST", NODES, json.dumps(node_object(host)).encode()))
        bare = json.dumps(host_object(host.name, uid=node["metadata"]["uid"])).encode()
        connection.send("PATCH", f"{HOSTS}/{host.name}{AS_AGENT}", bare, APPLY)
        connection.send("PATCH", f"{HOSTS}/{host.name}/status{AS_AGENT}", status, APPLY)

    return make


def in_parallel(target: Target, work: Sequence[Work]) -> None:
    """Do all of it over several connections; the first failure ends the benchmark."""

    def run(part: Sequence[Work]) -> None:
        connection = Connection(target)
        for each in part:
            each(connection)
        connection.close()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(run, [work[start::_AT_ONCE] for start in range(_AT_ONCE)]))

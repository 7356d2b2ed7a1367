"""The controller beside a fleet of simulated hosts on a real API server: start, CPU, memory, lag, requests.

``python bench/controller_scale.py [--hosts 5000] [--policies 200] [--seconds 60]`` makes for each host a
node, a BalloonHost and a status as large as real ones, starts the real controller with its service account's
token, and measures it at rest, at the agents' busy rate, and with as many writes as the API server takes.
Kubelets' heartbeats go on all the time. Every figure stands beside what the API server spends on the same.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ballonet_lab.kubernetes import ControlPlane, Request
from fleet.connection import Target
from fleet.figures import Memory, Meter, find_process
from fleet.hosts import SimulatedHost, simulated_host
from fleet.policies import policy_objects, read_policies
from fleet.policy_stream import PolicyStream
from fleet.population import Population, populate
from fleet.running_controller import RunningController, running_controller
from fleet.traffic import Traffic

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "ballonet-controller"
BUSY_SHARE = 0.1
WRITES_PER_MINUTE = 2
HEARTBEAT = 300.0  # Seconds; kubelet's nodeStatusReportFrequency.
PATIENCE = 180.0
READING = {"get", "list", "watch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured, and with what."""

    plane: ControlPlane
    controller: RunningController
    traffic: Traffic
    stream: PolicyStream
    hosts: int

    @property
    def pids(self) -> dict[str, int]:
        ours = {"controller": self.controller.process.pid, "load generator": os.getpid()}
        return ours | server_pids(self.plane)


def server_pids(plane: ControlPlane) -> dict[str, int]:
    mark = str(plane.directory)
    return {
        "API server": find_process("kube-apiserver", mark),
        "etcd": find_process("etcd", mark),
        "controller manager": find_process("kube-controller-manager", mark),
    }


def row(what: str, figure: str, remark: str = "") -> None:
    print(f"{what:34} {figure:>22}  {remark}".rstrip(), flush=True)


def cpu_rows(used: dict[str, float], seconds: float) -> None:
    """Print CPU of each process in seconds per minute, and the controller's as a part of the API server's."""
    mine, server = used["controller"], used["API server"]
    row("  CPU of the controller", f"{mine * 60 / seconds:.2f} s/min", f"{mine / seconds:.1%} of a core")
    row("  by the API server's", f"{mine / max(server, 0.01):.2f} x")
    others = ", ".join(
        f"{name} {spent / seconds:.0%}" for name, spent in used.items() if name != "controller"
    )
    row("  beside it, of a core", others)


def request_rows(requests: Sequence[Request], seconds: float, hosts: int) -> None:
    """Print what the controller asked, and what others than kubelets wrote of our objects."""
    mine = [each for each in requests if each.user.endswith(f":{ACCOUNT}")]
    kinds = Counter(
        f"{each.verb} {each.resource}{'/' + each.subresource if each.subresource else ''}" for each in mine
    )
    row("  its requests per minute", f"{len(mine) * 60 / seconds:.1f}")
    for kind, count in kinds.most_common():
        row(f"    {kind}", f"{count * 60 / seconds:.1f}")
    refused = Counter(each.code for each in mine if each.code >= 400)
    if refused:
        row("    of these refused", str(dict(refused)))
    ours = [
        each for each in requests
        if each.resource in ("balloonhosts", "balloonpolicies") and each.verb not in READING
    ]  # fmt: skip
    row("  writes of Ballonet's objects", f"{len(ours) * 60 / seconds / hosts:.3f}", "per host and minute")


def phase(bench: Bench, name: str, seconds: float, busy: float) -> None:
    """Let the fleet write for some time and print what that cost."""
    print(f"{name}")
    begun, at, done = time.monotonic(), datetime.now(UTC), len(bench.traffic.writes)
    meter = Meter(**bench.pids)
    bench.traffic.run(seconds, busy=busy, heartbeats=bench.hosts / HEARTBEAT)
    used, took = meter.used(), time.monotonic() - begun
    writes = bench.traffic.writes[done:]
    requests = bench.plane.requests(since=at)
    row(
        "  statuses written",
        f"{len(writes) / took:.1f}/s",
        f"{len(writes) * 60 / took / bench.hosts:.2f} per host and minute",
    )
    cpu_rows(used, took)
    memory_row(bench)
    request_rows(requests, took, bench.hosts)
    if writes:
        settle(bench)
        lag_row(*bench.stream.lags(writes))


def settle(bench: Bench) -> None:
    """Wait until the policies tell what was written last, exactly, and then rest."""
    begun = time.monotonic()
    bench.stream.wait_for(bench.traffic.totals, PATIENCE)
    row("  exact after the last write", f"{time.monotonic() - begun:.1f} s")
    bench.stream.wait_until_quiet(3, PATIENCE)


def lag_row(lags: Sequence[float], missing: int) -> None:
    if lags:
        middle, p95 = statistics.median(lags), sorted(lags)[math.ceil(len(lags) * 0.95) - 1]
        row("  status lag", f"{middle:.2f} s", f"median; 95 % {p95:.2f} s, longest {max(lags):.2f} s")
    if missing:
        row("  writes that no status told of", str(missing))


def memory_row(bench: Bench) -> None:
    memory = Memory.of(bench.controller.process.pid)
    row("  resident memory", f"{memory.now:.0f} MiB", f"at most {memory.most:.0f}, its own {memory.own:.0f}")


def bare_list(plane: ControlPlane) -> dict[str, Any]:
    """Run the reference and return what it says."""
    script = ROOT / "bench" / "fleet" / "bare_list.py"
    done = subprocess.run(
        [sys.executable, str(script), str(plane.kubeconfig)], check=True, capture_output=True, text=True,
        env={"PYTHONPATH": str(ROOT / "bench"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def start(bench: Bench, bare: dict[str, Any]) -> None:
    """Wait until the controller has done its first work, and print how long that took."""
    begun, pids = bench.controller.begun, server_pids(bench.plane)
    meter = Meter(**pids)
    print("start")
    row("  until /-/ready", f"{bench.controller.wait_until_ready(PATIENCE) - begun:.1f} s")
    done = bench.stream.wait_until_ready(PATIENCE) - begun
    row("  until all policies have Ready", f"{done:.1f} s", f"{done / bare['seconds']:.1f} x the bare list")
    bench.stream.wait_for(bench.traffic.totals, PATIENCE)
    row("  until all sums are exact", f"{time.monotonic() - begun:.1f} s")
    bench.stream.wait_until_quiet(5, PATIENCE)
    used = meter.used() | {"controller": bench.controller.cpu()}
    row("  CPU of the controller", f"{used['controller']:.1f} s", f"API server {used['API server']:.1f} s")
    memory = Memory.of(bench.controller.process.pid)
    row(
        "  resident memory (aim 150)",
        f"{memory.now:.0f} MiB",
        f"{memory.now / bare['now']:.2f} x the bare list; at most {memory.most:.0f}",
    )


def prepare(plane: ControlPlane, arguments: argparse.Namespace) -> tuple[Target, Population]:
    plane.token(ACCOUNT)
    plane.install(*sorted((ROOT / "crds").glob("*.yaml")), ROOT / "deploy" / "kubernetes")
    target = Target.of(plane.kubeconfig)
    objects = policy_objects(arguments.policies)
    policies = read_policies(objects)
    hosts = [simulated_host(number, policies) for number in range(arguments.hosts)]
    population = populate(target, hosts, objects)
    describe(hosts, population)
    return target, population


def describe(hosts: Sequence[SimulatedHost], population: Population) -> None:
    row("hosts", str(len(hosts)), f"made with nodes and statuses in {population.seconds:.0f} s")
    row("guests of a host", f"{statistics.mean(len(each.guests) for each in hosts):.1f}")
    row("policies that select a host", f"{statistics.mean(len(each.policies) for each in hosts):.1f}")
    row("a status, as it is sent", f"{population.mean_size / 1024:.1f} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description="The controller beside a simulated fleet.")
    parser.add_argument("--hosts", type=int, default=5000)
    parser.add_argument("--policies", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60, help="length of each phase")
    arguments = parser.parse_args()
    row("load of the machine before", f"{os.getloadavg()[0]:.1f}", f"{os.cpu_count()} cores")
    with ControlPlane.start() as plane:
        target, population = prepare(plane, arguments)
        bare = bare_list(plane)
        row(
            "bare list by the official client",
            f"{bare['now']:.0f} MiB",
            f"{bare['seconds']:.1f} s, {bare['cpu']:.1f} s of CPU",
        )
        traffic, stream = Traffic(target, population.statuses), PolicyStream(target)
        kubeconfig = plane.kubeconfig_of(plane.token(ACCOUNT))
        with running_controller(plane.directory, kubeconfig) as controller:
            bench = Bench(
                plane=plane, controller=controller, traffic=traffic, stream=stream, hosts=arguments.hosts
            )
            start(bench, bare)
            rate = arguments.hosts * WRITES_PER_MINUTE / 60
            phase(bench, "at rest", arguments.seconds, 0)
            phase(bench, f"{BUSY_SHARE:.0%} of the hosts busy", arguments.seconds, rate * BUSY_SHARE)
            phase(bench, "every host busy, or what the API server takes", arguments.seconds, rate)
            phase(bench, "at rest again", arguments.seconds, 0)


if __name__ == "__main__":
    main()

"""What an agent on Kubernetes weighs, beside the same agent with policy files: memory, CPU, requests.

``python bench/agent_weight.py [--guests 150] [--minutes 2]`` starts that many cheap guests (35 MiB each)
under a private libvirtd, and a real API server. Both agents run one after the other, with a cycle of 2 s. The
guests are paused and have no statistics, so an agent reads and judges each, and moves none.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ballonet_lab import Lab, eventually
from ballonet_lab.kubernetes import ControlPlane, Request
from fleet.figures import Memory, Meter, find_process

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from running_agent import RunningAgent

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "ballonet-agent"
NODE = "bench"
CYCLES_BEFORE = 15
MOST_MEMORY = 100  # MiB, with kopf and the official client.
MOST_CPU = 0.05  # Of one core.
POLICY = """\
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: everything}
spec: {memory: {floor: 25%}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What one agent used while nothing happened; CPU in parts of one core; what changed in its status."""

    memory: Memory
    cpu: float
    libvirtd: float
    began: datetime
    minutes: float
    changed: tuple[str, ...]


@contextmanager
def agent(directory: Path, uri: str, *flags: str) -> Iterator[RunningAgent]:
    """Start an agent as its users do, with a cycle of 2 s; it has its log in ``directory``."""
    command = [
        str(Path(sys.executable).with_name("ballonet-operator")), "agent", "--libvirt.uri", uri,
        "--log.format", "json", "--web.listen-address", "127.0.0.1:0", *flags,
    ]  # fmt: skip
    log = directory / "agent.log"
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(directory)}
    with log.open("wb") as stream, subprocess.Popen(command, stderr=stream, env=environment) as process:
        try:
            yield RunningAgent(process, log)
        except BaseException:
            print("\n".join(log.read_text().splitlines()[-20:]), file=sys.stderr)
            raise
        finally:
            process.terminate()


def status(plane: ControlPlane) -> dict[str, Any]:
    """Return what the agent has told of its host."""
    found: dict[str, Any] = json.loads(plane.kubectl("get", "blh", NODE, "-o", "json"))["status"]
    return found


def nothing() -> dict[str, Any]:
    """Return what an agent with policy files tells."""
    return {}


def weigh(lab: Lab, minutes: float, *flags: str, look: Callable[[], dict[str, Any]] = nothing) -> Weight:
    """Run an agent until it is at rest, and measure it for some minutes."""
    libvirtd = find_process("libvirtd", str(lab.directory))
    with tempfile.TemporaryDirectory() as scratch, agent(Path(scratch), lab.uri, *flags) as running:
        eventually(lambda: running.cycles() >= CYCLES_BEFORE, "the agent is at rest", within=180)
        before = look()
        began, begun = datetime.now(UTC), time.monotonic()
        meter = Meter(agent=running.process.pid, libvirtd=libvirtd)
        time.sleep(minutes * 60)
        used, took, after = meter.used(), time.monotonic() - begun, look()
        return Weight(
            memory=Memory.of(running.process.pid),
            cpu=used["agent"] / took,
            libvirtd=used["libvirtd"] / took,
            began=began,
            minutes=took / 60,
            changed=tuple(sorted(name for name in after if after[name] != before.get(name))),
        )


def prepare(plane: ControlPlane) -> Path:
    """Make a node and a policy, and return the kubeconfig of the agent there."""
    plane.add_node(NODE)
    plane.token(ACCOUNT)
    plane.install(*sorted((ROOT / "crds").glob("*.yaml")), ROOT / "deploy" / "kubernetes")
    plane.kubectl("apply", "-f", "-", input=POLICY)
    return plane.kubeconfig_of(plane.token(ACCOUNT, NODE))


def row(what: str, figure: str, aim: str = "", remark: str = "") -> None:
    print(f"{what:34} {figure:>12} {aim:>12}  {remark}".rstrip(), flush=True)


def compare(there: Weight, files: Weight) -> None:
    """Print both agents side by side."""
    row("", "figure", "aim", "with policy files, ratio")
    for what, mine, other, aim in (
        ("resident memory", there.memory.now, files.memory.now, f"{MOST_MEMORY} MiB"),
        ("  its own, without files' pages", there.memory.own, files.memory.own, ""),
    ):
        row(what, f"{mine:.1f} MiB", aim, f"{other:.1f} MiB, {mine / other:.2f} x")
    for what, mine, other, aim in (
        ("CPU, of one core", there.cpu, files.cpu, f"{MOST_CPU:.0%}"),
        ("CPU of libvirtd meanwhile", there.libvirtd, files.libvirtd, ""),
    ):
        row(what, f"{mine:.2%}", aim, f"{other:.2%}, {mine / max(other, 1e-4):.2f} x")


def tell_requests(requests: Sequence[Request], minutes: float) -> None:
    row(f"requests in {minutes:.1f} quiet minutes", str(len(requests)), "0 writes")
    kinds = Counter(
        f"{each.verb} {each.resource}{'/' + each.subresource if each.subresource else ''}"
        for each in requests
    )
    for kind, count in kinds.most_common():
        row(f"  {kind}", str(count))


def main() -> None:
    parser = argparse.ArgumentParser(description="What an agent on Kubernetes weighs.")
    parser.add_argument("--guests", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=2)
    arguments = parser.parse_args()
    with ControlPlane.start() as plane, Lab.start() as lab, tempfile.TemporaryDirectory() as policies:
        kubeconfig = prepare(plane)
        (Path(policies) / "everything.yaml").write_text(POLICY)
        lab.cheap_guests(arguments.guests)
        print(f"{arguments.guests} guests", flush=True)
        flags = ("--node-name", NODE, "--kubernetes.kubeconfig", str(kubeconfig))
        there = weigh(lab, arguments.minutes, *flags, look=lambda: status(plane))
        requests = plane.requests(ACCOUNT, since=there.began)
        files = weigh(lab, min(arguments.minutes, 2), "--policies", policies)
        compare(there, files)
        tell_requests([each for each in requests if each.resource], there.minutes)
        row("changed in the status meanwhile", ", ".join(there.changed) or "nothing")


if __name__ == "__main__":
    main()

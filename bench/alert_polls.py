"""What it costs one Alertmanager to be asked by a thousand agents, and what filtering on the server saves.

    python bench/alert_polls.py [--agents 1000] [--alerts 2000] [--seconds 60]

A real Alertmanager holds the alerts; ten of them are about what the agents' policies have rules for. Each
agent is a real ``Poller`` with its own thread, connection and jitter, at the interval that agents have.
"""

import argparse
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final

from ballonet.decision import View
from ballonet.host import Host
from ballonet.policy import Action, AlertRule, Policy
from ballonet_lab import eventually
from ballonet_lab.monitoring import Alertmanager as RealAlertmanager
from ballonet_operator.alerts.access import Access
from ballonet_operator.alerts.alertmanager import Alertmanager
from ballonet_operator.alerts.flags import AgentAlertmanager
from ballonet_operator.alerts.own_names import OwnNames
from ballonet_operator.alerts.poller import Poller
from ballonet_operator.alerts.questions import Question, questions

INTERVAL: Final = AgentAlertmanager().interval
EXPIRY: Final = AgentAlertmanager().expiry
TICKS: Final = os.sysconf("SC_CLK_TCK")
RULES: Final = tuple(
    AlertRule(labels=(("alertname", name),), action=action)
    for name, action in (("HostMemoryFillingUp", Action.RECLAIM), ("GuestSwapping", Action.GROW))
)
POLICY: Final = Policy(name="all", alerts=RULES)
EVERYTHING: Final[Question] = ()
NOTED: Final = threading.Lock()


class Measured(Alertmanager):
    """Notes how long each answer took and how long it was, all agents together."""

    noted: Final[list[tuple[float, int]]] = []

    def _ask(self, question: Question) -> bytes:
        began = time.perf_counter()
        answer = super()._ask(question)
        with NOTED:
            self.noted.append((time.perf_counter() - began, len(answer)))
        return answer


class Names(OwnNames):
    """Does not ask the name server, a thousand times, who this machine is."""

    def resolve(self) -> None:
        """Know no full name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--alerts", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    logging.disable()
    with RealAlertmanager.launch() as real:
        real.post_alerts(alerts(given.alerts))
        eventually(lambda: len(real.alerts()) == given.alerts, "it holds the alerts")
        print(f"{given.alerts} alerts, {os.cpu_count()} processors shared with the agents")
        filtered, everything = one_by_one(real, questions(RULES)), one_by_one(real, (EVERYTHING,))
        print(f"one filtered query:   {filtered[0] * 1e3:7.2f} ms of processor, {filtered[1]:9,.0f} bytes")
        print(
            f"one unfiltered query: {everything[0] * 1e3:7.2f} ms of processor, {everything[1]:9,.0f} bytes"
        )
        saved = [all_of_it / some for some, all_of_it in zip(filtered, everything, strict=True)]
        print(f"unfiltered / filtered: {saved[0]:.0f} times the processor, {saved[1]:.0f} times the bytes")
        fleet(real, given.agents, given.seconds)


def alerts(count: int) -> Iterator[dict[str, str]]:
    """Yield alerts as a large cluster has them; ten of them are about memory of hosts."""
    for number in range(count):
        yield {
            "alertname": "HostMemoryFillingUp" if number < 10 else f"KubePodCrashLooping{number % 40}",
            "host": f"kvm-{number % 1000}",
            "instance": f"kvm-{number % 1000}.example.org:9178",
            "namespace": f"team-{number % 30}",
            "pod": f"web-{number:05}",
            "cluster": "production",
            "severity": "warning",
            "job": "kube-state-metrics",
        }


def one_by_one(real: RealAlertmanager, asked: tuple[Question, ...], count: int = 100) -> tuple[float, float]:
    """Return the processor time in seconds and the bytes of one query, in the mean."""
    asking = Measured(real.url, Access(None))
    asking.alerts(asked)
    Measured.noted.clear()
    before = processor(real)
    for _ in range(count):
        asking.alerts(asked)
    return (processor(real) - before) / count, sum(size for _, size in Measured.noted) / count


def fleet(real: RealAlertmanager, agents: int, seconds: float) -> None:
    """Let all agents ask for a while."""
    with polling(real, agents) as pollers:
        began = time.monotonic()
        eventually(lambda: all(each.standing().answers for each in pollers), "all have asked", within=120)
        print(f"{agents} agents: all have asked within {time.monotonic() - began:.1f} s of their start")
        at_first, before, began = outcomes(pollers), processor(real), time.monotonic()
        Measured.noted.clear()
        threading.Event().wait(seconds)
        passed, used, noted = time.monotonic() - began, processor(real) - before, list(Measured.noted)
        later = outcomes(pollers) - at_first
    tail = quantiles([taken for taken, _ in noted], n=20)[18]
    print(
        f"{agents} agents every {INTERVAL:g} s: {len(noted) / passed:.0f} answers/s, "
        f"{used / passed:.1%} of one processor, {sum(size for _, size in noted) / passed / 1e3:,.0f} kB/s, "
        f"p95 {tail * 1e3:.1f} ms; resident {resident(real) / 2**20:.0f} MiB"
    )
    print(f"how requests ended: at first {dict(at_first)}, then {dict(later)}")


def outcomes(pollers: list[Poller]) -> Counter[str]:
    """Return how often asking ended how, all agents together."""
    total: Counter[str] = Counter()
    for poller in pollers:
        total.update(poller.standing().polls)
    return +total


@contextmanager
def polling(real: RealAlertmanager, agents: int) -> Iterator[list[Poller]]:
    made = []
    for number in range(agents):
        name = f"kvm-{number}"
        source = Measured(real.url, Access(None))
        poller = Poller([source], Names(name), interval=INTERVAL, expiry=EXPIRY)
        host = Host(name=name, total=2**40, available=2**39)
        poller.look(View(host=host, guests=(), now=0.0), [POLICY])
        made.append(poller)
    for poller in made:
        poller.start()
    try:
        yield made
    finally:
        for poller in made:
            poller.stop(timeout=0)
        for poller in made:
            poller.stop(timeout=10)


def processor(real: RealAlertmanager) -> float:
    """Return the seconds of processor that Alertmanager has used."""
    fields = Path(f"/proc/{real.process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(real: RealAlertmanager) -> int:
    """Return the bytes of memory that Alertmanager has."""
    lines = Path(f"/proc/{real.process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()

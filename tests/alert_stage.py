"""Two real guests, an agent with rules about alerts, and what Prometheus says of an alert's time line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import Lab, LabGuest, eventually
from ballonet_lab.monitoring import Alertmanager, Prometheus, Target
from running_agent import RunningAgent, running_agent

HOST: Final = "kvm-lab"
BUDGET: Final = 2200 * MIB
RAISED: Final = GIB
"""What an alert adds to the reserves. Two guests of 1 GiB fit into the budget without it, and not with it."""
POLICY: Final = """
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec:
  thresholds:
    host: {growAbove: 64Mi, reclaimBelow: 32Mi, criticalBelow: 16Mi, pressureAbove: 100, pressureReserve: 1Gi}
  alerts:
  - {matchLabels: {alertname: HostMemoryFillingUp}, action: Reclaim}
  - {matchLabels: {alertname: "Every\\tthing \\"is\\" (.*)|\\\\n"}, action: Reclaim}
  - {matchLabels: {alertname: GuestTooSmall, team: kvm}, action: Grow}
  - {matchLabels: {team: kvm, hands: "off"}, action: Freeze}
"""
ODD_NAME: Final = 'Every\tthing "is" (.*)|\\n'
FILLING: Final = {"alertname": "HostMemoryFillingUp", "host": HOST}
RULES: Final = """
groups:
- name: own
  rules:
  - alert: HostMemoryFillingUp
    expr: ballonet_host_budget_available_bytes < %d
    for: 2s
    labels: {severity: page}
"""


@contextmanager
def alerted_agent(
    directory: Path, lab: Lab, alertmanager: Alertmanager, *flags: str, policy: str = POLICY
) -> Iterator[RunningAgent]:
    """Start an agent that asks this Alertmanager every second."""
    policies = directory / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "all.yaml").write_text(policy)
    given = (
        "--host.name", HOST, "--host.budget", str(BUDGET),
        "--alertmanager.url", alertmanager.url, "--alertmanager.interval", "1s",
        "--alertmanager.expiry", "4s", *flags,
    )  # fmt: skip
    with running_agent(directory, lab.uri, policies, *given) as running:
        eventually(lambda: running.series("alertmanager_up") == {(alertmanager.url,): 1.0}, "it is asked")
        yield running


def watching(agent: RunningAgent, alertmanager: Alertmanager, rules: str = "groups: []") -> Prometheus:
    """Start a Prometheus that scrapes the agent and tells Alertmanager of alerts by these rules."""
    target = Target(address=agent.address, labels={"instance": f"{HOST}:9178"})
    return Prometheus.launch({"agent": target}, rules, [alertmanager.address])


def available(prometheus: Prometheus) -> int:
    """Return what is left of the budget, as Prometheus has it; 0 before that is known."""
    found = prometheus.query("ballonet_host_budget_available_bytes")
    return int(found[0].values[0][1]) if found else 0


def size(guest: LabGuest) -> int:
    """Return what QEMU says that the guest has."""
    return guest.memory_statistics()["actual"] * KIB


def known_size(guest: LabGuest) -> int:
    """Return what libvirt says without asking QEMU, as the agent reads it."""
    lines = guest.virsh.run("domstats", "--balloon", guest.name).splitlines()
    (current,) = (line.partition("=")[2] for line in lines if "balloon.current=" in line)
    return int(current) * KIB


def reclaimed(*guests: LabGuest) -> Callable[[], bool]:
    """Whether the guests fit into what the raised reserves leave, but for what is not worth moving."""
    left = BUDGET - RAISED - 32 * MIB
    return lambda: sum(map(size, guests)) <= left + len(guests) * 16 * MIB


def whole(*guests: LabGuest) -> Callable[[], bool]:
    """Whether the guests have all their memory."""
    return lambda: all(known_size(guest) >= GIB - 16 * MIB for guest in guests)


def in_force(agent: RunningAgent, action: str) -> int:
    """Return how many alerts act in this way."""
    return int(agent.series("alerts_in_force").get((action,), -1))


def polls(agent: RunningAgent) -> int:
    """Return how often Alertmanager answered."""
    return int(agent.series("alertmanager_polls_total")[("success",)])


def next_polls(agent: RunningAgent, count: int = 3) -> None:
    """Wait until Alertmanager has answered so many times more, and a cycle has looked at each answer."""
    goal = polls(agent) + count
    eventually(lambda: polls(agent) >= goal, f"Alertmanager answers {count} times")
    agent.run_cycles(2)


def time_line(prometheus: Prometheus, start: float, end: float) -> str:
    """Return what happened, second by second, as Prometheus has it; a line for each change."""
    columns = {
        "alert": 'max(ALERTS{alertname="HostMemoryFillingUp",alertstate="firing"}) or vector(0)',
        "in force": 'ballonet_alerts_in_force{action="Reclaim"} or vector(0)',
        "available": "ballonet_host_budget_available_bytes / 1048576",
        "reserve": 'ballonet_host_reserve_bytes{level="reclaim"} / 1048576',
        "a": 'ballonet_guest_target_bytes{guest="a"} / 1048576',
        "b": 'ballonet_guest_target_bytes{guest="b"} / 1048576',
        "HostAlert": 'ballonet_moves_total{reason="HostAlert"} or vector(0)',
        "growths": 'sum(ballonet_moves_total{direction="grow"}) or vector(0)',
    }
    table = {name: _values(prometheus, query, start, end) for name, query in columns.items()}
    rows = [f"{'time':>10} " + " ".join(f"{name:>9}" for name in columns)]
    before: tuple[str, ...] = ()
    for at in sorted({at for found in table.values() for at in found}):
        values = tuple(f"{found[at]:.0f}" if at in found else "" for found in table.values())
        if _differ(before, values):
            clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
            cells = (f"{value:>{max(9, len(name))}}" for name, value in zip(columns, values, strict=True))
            rows.append(f"{clock:>10} " + " ".join(cells))
            before = values
    return "\n".join(rows)


def _values(prometheus: Prometheus, query: str, start: float, end: float) -> dict[float, float]:
    """Return the values of the one series that a query comes to, by their times."""
    return {at: value for series in prometheus.query_range(query, start, end) for at, value in series.values}


def _differ(before: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """Whether anything but the ever drifting available memory has changed."""
    return before[:2] + before[3:] != now[:2] + now[3:]

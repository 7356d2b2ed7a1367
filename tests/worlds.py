"""Builders of guests, hosts and policies for tests, and a small closed world that obeys its targets.

The world is a model, not a hypervisor: balloons move at a fixed speed, guests use what they are told to
use. It exists because a host with a given number of bytes cannot be had on demand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ballonet.decision import Plan, Resize, Signals, View
from ballonet.guest import Guest, Sample, Traits
from ballonet.history import History
from ballonet.host import Host
from ballonet.plan import plan
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB

KERNEL = 52 * MIB  # What a Linux guest of 1 GiB keeps out of its MemTotal.
NOW = 1_000_000.0


def sample(*, usable: int, total: int = GIB - KERNEL, timestamp: float = NOW, **fields: Any) -> Sample:
    """Return a report without faults or swapping."""
    counters: dict[str, Any] = {"major_faults": 0, "swap_in": 0, "unused": usable}
    return Sample(timestamp=timestamp, total=total, usable=usable, **{**counters, **fields})


def guest(name: str = "a", *, actual: int = GIB, maximum: int = GIB, usable: int | None = None, **fields: Any) -> Guest:
    """Return a running Linux guest that reports every two seconds and uses half of what it has."""
    total = actual - KERNEL
    report = sample(usable=total // 2 if usable is None else usable, total=total)
    defaults: dict[str, Any] = {
        "uuid": f"uuid-{name}",
        "resident": actual,
        "sample": report,
        "traits": Traits(statistics_period=2),
    }
    return Guest(name=name, actual=actual, maximum=maximum, **{**defaults, **fields})


def host(available: int = 8 * GIB, total: int = 16 * GIB, **fields: Any) -> Host:
    """Return a host without pressure."""
    return Host(name="kvm-1", total=total, available=available, **fields)


def view(*guests: Guest, available: int = 8 * GIB, total: int = 16 * GIB, now: float = NOW, **fields: Any) -> View:
    """Return one instant of a host."""
    signals: Signals = fields.pop("signals", Signals())
    return View(host=host(available, total, **fields), guests=guests, now=now, signals=signals)


def policy(name: str = "all", **fields: Any) -> Policy:
    """Return a policy that owns every guest."""
    return Policy(name=name, **fields)


def decide(
    seen: View, *policies: Policy, history: History | None = None, cycle: float = 2.0
) -> Plan:
    """Plan once, with the default policy where none is given."""
    return plan(seen, policies or (policy(),), history or History(), cycle=cycle)


@dataclass
class Inhabitant:
    """A guest of the closed world: what it uses, and how its balloon behaves."""

    name: str
    maximum: int = 2 * GIB
    use: int = 200 * MIB
    speed: int = 240 * MIB  # Bytes per second, as measured under software emulation.
    autodeflate: bool = False
    obedient: bool = True
    actual: float = 0.0
    target: float = 0.0
    resident: float = 0.0
    faults: int = 0

    def __post_init__(self) -> None:
        self.actual = self.target = float(self.maximum)
        self.resident = float(self.maximum)

    def step(self, seconds: float) -> None:
        """Move the balloon toward its target; it stops where the guest has nothing usable left."""
        if not self.obedient:
            return
        least = max(self.target, min(self.use + KERNEL, self.actual))
        step = self.speed * seconds
        if self.target > self.actual:
            self.actual = min(self.target, self.actual + 4 * step)
        else:
            self.actual = max(least, self.actual - step)
        self.resident = min(max(self.resident, self.use + KERNEL), self.actual)
        if self.use + KERNEL > self.actual:
            self.faults += int(500 * seconds)

    def guest(self, now: float) -> Guest:
        """Return what libvirt would say about this guest."""
        usable = max(0, int(self.actual) - KERNEL - self.use)
        report = sample(
            usable=usable, total=int(self.actual) - KERNEL, timestamp=float(int(now)), major_faults=self.faults
        )
        return guest(
            self.name,
            actual=int(self.actual),
            maximum=self.maximum,
            resident=int(self.resident),
            sample=report,
            traits=Traits(statistics_period=2, autodeflate=self.autodeflate),
        )


@dataclass
class World:
    """A host with guests, on which the planner runs in a closed loop."""

    inhabitants: list[Inhabitant]
    total: int = 16 * GIB
    other: int = 0  # Host memory that is not the guests'.
    policies: tuple[Policy, ...] = (Policy(name="all"),)
    budget: int | None = None
    cycle: float = 2.0
    now: float = NOW
    history: History = field(default_factory=History)

    def view(self) -> View:
        """Return this instant."""
        held = sum(min(one.resident, one.actual) for one in self.inhabitants)
        available = max(0, int(self.total - self.other - held))
        return View(
            host=Host(name="model", total=self.total, available=available, budget=self.budget),
            guests=tuple(one.guest(self.now) for one in self.inhabitants),
            now=self.now,
        )

    def turn(self) -> Plan:
        """Plan, apply, and let one cycle pass."""
        result = plan(self.view(), self.policies, self.history, cycle=self.cycle)
        self.history = result.history
        by_name = {one.name: one for one in self.inhabitants}
        for move in moves(result):
            by_name[move.guest.name].target = float(move.target)
            self.history = self.history.commanded(move.guest, move.target, self.now)
        for one in self.inhabitants:
            one.step(self.cycle)
        self.now += self.cycle
        return result

    def settle(self, turns: int = 60) -> Plan:
        """Let some time pass and return the last plan."""
        for _ in range(turns - 1):
            self.turn()
        return self.turn()


def moves(result: Plan) -> list[Resize]:
    """Return the moves of a plan."""
    return [decision for decision in result.decisions if isinstance(decision, Resize)]


def reasons(result: Plan) -> dict[str, str]:
    """Return the reason given for each guest, by name."""
    return {decision.guest.name: str(decision.reason) for decision in result.decisions}


def targets(result: Plan) -> dict[str, int | None]:
    """Return what each guest will have been asked for, by name."""
    return {decision.guest.name: decision.target for decision in result.decisions}


def shrunk(before: Guest, to: int, **fields: Any) -> Guest:
    """Return the guest at another size."""
    return replace(before, actual=to, resident=to, **fields)


def sizes(guests: Iterable[Guest]) -> dict[str, int | None]:
    """Return each guest's actual size by name."""
    return {one.name: one.actual for one in guests}

"""Builders of guests, hosts and policies for tests, and a small closed world that obeys its targets.

The world is a model, not a hypervisor: balloons move at a fixed speed, guests use what they are told to
use. It exists because a host with a given number of bytes cannot be had on demand.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from ballonet.decision import Decision, Plan, Resize, Signals, Terms, View
from ballonet.guest import Guest, Sample, Traits
from ballonet.history import History
from ballonet.host import Host
from ballonet.plan import plan
from ballonet.policy import HostThresholds, Policy
from ballonet.quantity import GIB, MIB, Amount

KERNEL = 52 * MIB  # What a Linux guest of 1 GiB keeps out of its MemTotal.
NOW = 1_000_000.0


def sample(*, usable: int, total: int = GIB - KERNEL, timestamp: float = NOW, **fields: Any) -> Sample:
    """Return a report without faults or swapping."""
    counters: dict[str, Any] = {"major_faults": 0, "swap_in": 0, "unused": usable}
    return Sample(timestamp=timestamp, total=total, usable=usable, **{**counters, **fields})


def guest(
    name: str = "a", *, actual: int = GIB, maximum: int = GIB, usable: int | None = None, **fields: Any
) -> Guest:
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


def traits(**fields: Any) -> Traits:
    """Return the traits of a guest that reports every two seconds."""
    return Traits(**{"statistics_period": 2, **fields})


def host(available: int = 8 * GIB, total: int = 16 * GIB, **fields: Any) -> Host:
    """Return a host without pressure."""
    return Host(name="kvm-1", total=total, available=available, **fields)


def view(
    *guests: Guest, available: int = 8 * GIB, total: int = 16 * GIB, now: float = NOW, **fields: Any
) -> View:
    """Return one instant of a host."""
    signals: Signals = fields.pop("signals", Signals())
    return View(host=host(available, total, **fields), guests=guests, now=now, signals=signals)


def policy(name: str = "all", **fields: Any) -> Policy:
    """Return a policy that owns every guest."""
    return Policy(name=name, **fields)


def thresholds(grow: int, reclaim: int, critical: int, **fields: Any) -> HostThresholds:
    """Return host thresholds that are plain sizes."""
    return HostThresholds(
        grow_above=Amount(size=grow),
        reclaim_below=Amount(size=reclaim),
        critical_below=Amount(size=critical),
        **fields,
    )


def decide(seen: View, *policies: Policy, history: History | None = None, cycle: float = 2.0) -> Plan:
    """Plan once, with the default policy where none is given."""
    return plan(seen, policies or (policy(),), history or History(), cycle=cycle)


@dataclass
class Story:
    """Several cycles in a row, told by the readings of each.

    The timestamp of a sample is told as if every cycle were at ``NOW``: one that is given as ``NOW - 1``
    was taken a second before its cycle.
    """

    policies: tuple[Policy, ...] = (Policy(name="all"),)
    cycle: float = 2.0
    now: float = NOW
    history: History = field(default_factory=History)

    def then(
        self, *guests: Guest, after: float | None = None, refused: bool = False, **host_fields: Any
    ) -> Plan:
        """Let time pass, read these guests, plan, and set what was planned unless it is refused."""
        if self.history.seen_at:
            self.now += self.cycle if after is None else after
        seen = view(*(self._at_this_time(one) for one in guests), now=self.now, **host_fields)
        result = plan(seen, self.policies, self.history, cycle=self.cycle)
        self.history = result.history
        for move in () if refused else moves(result):
            self.history = self.history.commanded(move.guest, move.target, self.now)
        return result

    def _at_this_time(self, one: Guest) -> Guest:
        if one.sample is None:
            return one
        timestamp = one.sample.timestamp + (self.now - NOW)
        return replace(one, sample=replace(one.sample, timestamp=timestamp))


@dataclass
class Inhabitant:
    """A guest of the closed world: what it uses, and how its balloon behaves.

    Attributes:
        speed: bytes per second, as measured under software emulation; growing is four times as fast.
        autodeflate: the guest takes back what it needs by itself, and its total never changes.
        silent: the guest has not reported since it was made so.
        obedient: the balloon follows its target.
    """

    name: str
    maximum: int = 2 * GIB
    use: int = 200 * MIB
    speed: int = 240 * MIB
    autodeflate: bool = False
    silent: bool = False
    obedient: bool = True
    actual: float = 0.0
    target: float = 0.0
    resident: float = 0.0
    faults: int = 0
    hunger: int = 0  # Bytes that it lacked at the end of the last step.
    report: Sample | None = None

    def __post_init__(self) -> None:
        """Start with a deflated balloon and all memory touched."""
        self.actual = self.target = self.actual or float(self.maximum)
        self.resident = self.actual

    @property
    def needs(self) -> int:
        """What it cannot do without."""
        return min(self.use + KERNEL, self.maximum)

    def step(self, seconds: float) -> None:
        """Move the balloon toward its target; it stops where the guest has nothing usable left."""
        if self.obedient:
            self._follow(seconds)
        if self.autodeflate:
            self.actual = max(self.actual, float(self.needs))
        self.resident = min(max(self.resident, self.needs), self.actual)
        self.hunger = max(0, self.needs - int(self.actual))
        if self.hunger:
            self.faults += int(500 * seconds)

    def _follow(self, seconds: float) -> None:
        step = self.speed * seconds
        if self.target > self.actual:
            self.actual = min(self.target, self.actual + 4 * step)
        else:
            self.actual = max(self.target, min(float(self.needs), self.actual), self.actual - step)

    def guest(self, now: float) -> Guest:
        """Return what libvirt would say about this guest."""
        if not self.silent or self.report is None:
            usable = max(0, int(self.actual) - KERNEL - self.use)
            total = (self.maximum if self.autodeflate else int(self.actual)) - KERNEL
            stamp = float(int(now))
            self.report = sample(usable=usable, total=total, timestamp=stamp, major_faults=self.faults)
        return guest(
            self.name,
            actual=int(self.actual),
            maximum=self.maximum,
            resident=int(self.resident),
            sample=self.report,
            traits=traits(autodeflate=self.autodeflate),
        )


def lawful(seen: View, policies: Iterable[Policy], history: History, cycle: float) -> Plan:
    """Plan as the law has it; a world may be given another law."""
    return plan(seen, policies, history, cycle=cycle)


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
    signals: Signals = field(default_factory=Signals)
    seen: View | None = None  # What the last plan was made from.
    law: Callable[[View, Iterable[Policy], History, float], Plan] = field(default=lawful)

    @property
    def available(self) -> int:
        """MemAvailable; negative where the host would have to swap."""
        held = sum(min(one.resident, one.actual) for one in self.inhabitants)
        return int(self.total - self.other - held)

    def view(self) -> View:
        """Return this instant."""
        return View(
            host=Host(name="model", total=self.total, available=max(0, self.available), budget=self.budget),
            guests=tuple(one.guest(self.now) for one in self.inhabitants),
            now=self.now,
            signals=self.signals,
        )

    def turn(self, *, first: int | None = None, arrive: bool = True) -> Plan:
        """Plan, apply, and let one cycle pass.

        ``first`` carries out only so many moves of the plan, as an agent does that is interrupted; without
        ``arrive`` no balloon moves in this cycle.
        """
        self.seen = self.view()
        result = self.law(self.seen, self.policies, self.history, self.cycle)
        self.history = result.history
        inhabitants = {one.name: one for one in self.inhabitants}
        for move in moves(result)[:first]:
            inhabitants[move.guest.name].target = float(move.target)
            self.history = self.history.commanded(move.guest, move.target, self.now)
        for one in self.inhabitants if arrive else ():
            one.step(self.cycle)
        self.now += self.cycle
        return result

    def copy(self) -> "World":
        """Return a world that goes its own way from here."""
        return replace(self, inhabitants=[copy(one) for one in self.inhabitants])

    def restart(self) -> None:
        """Forget everything, as an agent does that is started again."""
        self.history = History()

    def turns(self, count: int) -> Iterator[Plan]:
        """Let some cycles pass, one plan at a time."""
        return (self.turn() for _ in range(count))

    def settle(self, turns: int = 60) -> Plan:
        """Let some time pass and return the last plan."""
        return list(self.turns(turns))[-1]

    def hungry(self) -> list[str]:
        """Return the names of the inhabitants that lack memory."""
        return [one.name for one in self.inhabitants if one.hunger]


def moves(result: Plan) -> list[Resize]:
    """Return the moves of a plan."""
    return [decision for decision in result.decisions if isinstance(decision, Resize)]


def by_name(result: Plan) -> dict[str, Decision]:
    """Return each guest's decision by its name."""
    return {decision.guest.name: decision for decision in result.decisions}


def only(result: Plan) -> Decision:
    """Return the decision of a plan for a single guest."""
    (decision,) = result.decisions
    return decision


def terms(result: Plan, name: str | None = None) -> Terms:
    """Return the numbers behind one decision: of the guest with this name, or of the only one."""
    found = (only(result) if name is None else by_name(result)[name]).terms
    assert found is not None
    return found


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

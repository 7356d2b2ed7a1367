"""Random scenarios for property tests: a host, policies and guests, and a few cycles of their past.

A scenario is data, so that one and the same can be played with its guests in another order, with less
memory, or with every size multiplied. Nothing in it need make sense: guests report nonsense, sit where
nobody put them, vanish from reading and come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from ballonet.decision import Plan, Resize, Signals, View
from ballonet.guest import Guest, Hold, Overrides, Read, Sample, State, Traits
from ballonet.history import History
from ballonet.host import Host, Pressure
from ballonet.plan import plan
from ballonet.policy import GuestThresholds, HostThresholds, Mode, Pace, Policy, Selector
from ballonet.quantity import GIB, MIB, Amount

START = 1_000_000.0
PARTS = 64  # Sizes inside a guest are told in such parts of its maximum, so that they scale exactly.


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One guest in one cycle; ``actual`` None means that it has followed its target."""

    actual: int | None = None
    odd: int = 0  # Bytes that keep the size from being whole pages.
    usable: int = 16
    age: int = 0
    faults: int = 0
    swap_in: int = 0
    hostile: Sample | None = None
    reports: bool = True
    state: State = State.RUNNING
    read: Read = Read.OK
    unread: bool = False
    migrating: bool = False
    resident: int | None = PARTS
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One cycle: what the host has, how every guest is, and whether commands are carried out."""

    available: int
    moments: tuple[Moment, ...]
    after: int = 2
    pressure: float = 0.0
    swapped_out: int = 0
    reclaim: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    grow: frozenset[int] = frozenset()
    freeze: frozenset[int] = frozenset()
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Character:
    """What stays the same about a guest."""

    maximum: int
    traits: Traits


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything that led to one plan; the last cycle is the one to be planned."""

    total: int
    budget: int | None
    policies: tuple[Policy, ...]
    guests: tuple[Character, ...]
    cycles: tuple[Cycle, ...]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What ``plan`` is called with."""

    view: View
    policies: tuple[Policy, ...]
    history: History

    def plan(self) -> Plan:
        """Plan as it is."""
        return plan(self.view, self.policies, self.history, cycle=2.0)

    def shuffled(self, guests: Sequence[int], policies: Sequence[int]) -> "Situation":
        """Return the same with guests and policies listed in another order."""
        return replace(
            self,
            view=replace(self.view, guests=tuple(self.view.guests[index] for index in guests)),
            policies=tuple(self.policies[index] for index in policies),
        )

    def with_less(self, less: int) -> "Situation":
        """Return the same on a host that has less available memory."""
        available = max(0, self.view.host.available - less)
        return replace(self, view=replace(self.view, host=replace(self.view.host, available=available)))


def play(scenario: Scenario, scale: int = 1) -> Situation:
    """Run all cycles but the last, every size multiplied by ``scale``, and return where that leads."""
    history, now = History(), START
    policies = tuple(_scaled(policy, scale) for policy in scenario.policies)
    for cycle in scenario.cycles[:-1]:
        result = plan(_view(scenario, cycle, history, now, scale), policies, history, cycle=2.0)
        history = result.history
        for decision in () if cycle.refused else result.decisions:
            if isinstance(decision, Resize):
                history = history.commanded(decision.guest, decision.target, now)
        now += cycle.after
    return Situation(
        view=_view(scenario, scenario.cycles[-1], history, now, scale), policies=policies, history=history
    )


def _view(scenario: Scenario, cycle: Cycle, history: History, now: float, scale: int) -> View:
    guests = [
        _guest(index, character, moment, history, now, scale)
        for index, (character, moment) in enumerate(zip(scenario.guests, cycle.moments, strict=False))
    ]
    pressure = Pressure(avg10=cycle.pressure, avg60=0, avg300=0, total=0)
    return View(
        host=Host(
            name="random",
            total=scenario.total * scale,
            available=cycle.available * scale,
            some=pressure,
            swapped_out=cycle.swapped_out * scale,
            budget=scenario.budget * scale if scenario.budget is not None else None,
        ),
        guests=tuple(guests),
        now=now,
        signals=Signals(
            reclaim=cycle.reclaim,
            critical=cycle.critical,
            grow=frozenset(f"u{index}" for index in cycle.grow),
            freeze=frozenset(f"u{index}" for index in cycle.freeze),
        ),
    )


def _guest(
    index: int, character: Character, moment: Moment, history: History, now: float, scale: int
) -> Guest:
    maximum, uuid = character.maximum * scale, f"u{index}"
    past = history.guests.get(uuid)
    if moment.actual is None:
        actual = past.course.target if past is not None else maximum
    else:
        actual = maximum * moment.actual // PARTS + moment.odd
    resident = actual * moment.resident // PARTS if moment.resident is not None else None
    return Guest(
        uuid=uuid,
        name=f"g{index}",
        state=moment.state,
        read=moment.read,
        actual=None if moment.unread else actual,
        maximum=None if moment.unread else maximum,
        resident=None if moment.read is not Read.OK else resident,
        sample=_sample(moment, actual, maximum, now, scale),
        traits=_scaled_traits(character.traits, scale),
        migrating=moment.migrating,
        dropped=moment.dropped,
    )


def _sample(moment: Moment, actual: int, maximum: int, now: float, scale: int) -> Sample | None:
    if not moment.reports:
        return None
    timestamp = float(int(now)) - moment.age
    if moment.hostile is not None:
        return replace(moment.hostile, timestamp=timestamp)
    total = max(0, actual - maximum // 16)
    return Sample(
        timestamp=timestamp,
        total=total,
        usable=total * moment.usable // PARTS,
        major_faults=moment.faults,
        swap_in=moment.swap_in * scale,
    )


def _scaled_amount(amount: Amount | None, scale: int) -> Amount | None:
    return Amount(size=amount.size * scale) if amount is not None and amount.size is not None else amount


def _scaled_traits(facts: Traits, scale: int) -> Traits:
    overrides = replace(facts.overrides, floor=_scaled_amount(facts.overrides.floor, scale))
    return replace(facts, overrides=overrides)


def _scaled(policy: Policy, scale: int) -> Policy:
    host, pace, limits = policy.host_thresholds, policy.pace, policy.guest_thresholds
    return replace(
        policy,
        floor=_scaled_amount(policy.floor, scale) or policy.floor,
        host_thresholds=replace(
            host,
            grow_above=_scaled_amount(host.grow_above, scale),
            reclaim_below=_scaled_amount(host.reclaim_below, scale),
            critical_below=_scaled_amount(host.critical_below, scale),
            pressure_reserve=_scaled_amount(host.pressure_reserve, scale) or host.pressure_reserve,
        ),
        guest_thresholds=replace(limits, swap_in_per_second=limits.swap_in_per_second * scale),
        pace=replace(pace, minimum_change=pace.minimum_change * scale),
    )


# --- Strategies: a usual value first, and seldom an odd one, or hardly any guest would take part ---------

_MAXIMA = (256 * MIB, 512 * MIB, GIB, 2 * GIB, 8 * GIB, 32 * GIB)
_LARGE = (2 * GIB, 4 * GIB, 8 * GIB, 32 * GIB)
_NONSENSE = st.sampled_from((None, 0, 1, 4095, MIB, GIB, 2**40, 2**62))
_HOSTILE = st.builds(
    Sample,
    timestamp=st.just(0.0),
    total=_NONSENSE,
    usable=_NONSENSE,
    unused=_NONSENSE,
    major_faults=_NONSENSE,
    swap_in=_NONSENSE,
)
_parts = st.integers(0, PARTS)

# Well-behaved: every number is exact in parts, so that playing it at twice the size doubles everything.
_honest_moments = st.builds(
    Moment,
    actual=st.none() | st.integers(8, PARTS),
    usable=_parts,
    age=st.sampled_from((0, 0, 0, 1, 2, 60)),
    faults=st.integers(0, 1000),
    resident=st.sampled_from((PARTS, PARTS, PARTS // 2, 0)),
)
_ODD_MOMENTS: tuple[dict[str, object], ...] = (
    {"state": State.PAUSED},
    {"state": State.SHUT_OFF},
    {"read": Read.BUSY},
    {"read": Read.DEADLINE, "unread": True},
    {"migrating": True},
    {"reports": False},
    {"dropped": ("total",)},
    {"dropped": ("major_faults",)},
    {"resident": PARTS + 16},
    {"resident": None},
    {"actual": PARTS + 4},
    {"age": 8},
    {"age": 60},
    {"age": -1},
    {"age": -100},
    {"swap_in": GIB},
    {"odd": 4095},
    {"odd": MIB - 1},
)


def _odd(moment: Moment, oddity: dict[str, object], hostile: Sample | None) -> Moment:
    return replace(moment, **oddity, hostile=hostile)  # type: ignore[arg-type]


_moments = st.builds(
    _odd,
    st.builds(
        Moment,
        actual=st.none() | _parts,
        usable=_parts,
        age=st.sampled_from((0, 1, 2)),
        faults=st.sampled_from((0, 10, 1000, 10**6)),
        resident=st.sampled_from((PARTS, PARTS // 2, 0)),
    ),
    st.sampled_from(({},) * 40 + _ODD_MOMENTS),
    st.none() | st.none() | st.none() | _HOSTILE,
)
_ODD_TRAITS: tuple[Traits, ...] = (
    Traits(statistics_period=2, balloon_model="none"),
    Traits(statistics_period=0),
    Traits(statistics_period=5),
    Traits(statistics_period=2, hugepages=True),
    Traits(statistics_period=2, locked=True),
    Traits(statistics_period=2, overrides=Overrides(exempt=True)),
    Traits(statistics_period=2, overrides=Overrides(hold=Hold(until=START + 3))),
    Traits(statistics_period=2, overrides=Overrides(hold=Hold(until=START + 900, size=GIB))),
    Traits(statistics_period=2, overrides=Overrides(floor=Amount(percent=90), weight=1)),
    Traits(statistics_period=2, overrides=Overrides(floor=Amount(size=0), weight=10_000)),
)
_USUAL_TRAITS = (Traits(statistics_period=2), Traits(statistics_period=2, autodeflate=True))
_traits = st.sampled_from(_USUAL_TRAITS * 15 + _ODD_TRAITS)
_host_thresholds = st.sampled_from(
    [
        HostThresholds(),
        *(
            HostThresholds(
                grow_above=Amount(percent=grow),
                reclaim_below=Amount(percent=reclaim),
                critical_below=Amount(percent=critical),
            )
            for grow, reclaim, critical in ((0, 0, 0), (5, 5, 5), (30, 10, 2), (50, 40, 30), (10, 20, 30))
        ),
    ]
)
_paces = st.sampled_from(
    [
        Pace(),
        Pace(shrink_percent_per_cycle=100.0, minimum_change=0),
        Pace(shrink_percent_per_cycle=1.0, minimum_change=256 * MIB),
    ]
)
_policies = st.builds(
    Policy,
    name=st.just(""),
    mode=st.sampled_from((Mode.ENFORCE,) * 6 + (Mode.OBSERVE, Mode.FREEZE)),
    priority=st.integers(0, 2),
    guests=st.sampled_from([Selector(), Selector(), Selector(names=("g0",)), Selector(names=("g[1-2]",))]),
    floor=st.sampled_from([Amount(percent=percent) for percent in (25, 25, 0, 7, 60, 100)]),
    weight=st.sampled_from((1, 100, 100, 10_000)),
    headroom=st.sampled_from((0.0, 20.0, 100.0)),
    host_thresholds=_host_thresholds,
    pace=_paces,
)


@st.composite
def _policy_sets(draw: st.DrawFn, *, one_reserve: bool) -> tuple[Policy, ...]:
    """Draw one to three policies; ``one_reserve`` makes them keep the same reserves."""
    drawn = draw(st.lists(_policies, min_size=1, max_size=3))
    return tuple(
        replace(
            policy,
            name=f"p{index}",
            host_thresholds=(drawn[0] if one_reserve else policy).host_thresholds,
        )
        for index, policy in enumerate(drawn)
    )


_ALL_POLICIES = frozenset({"p0", "p1", "p2"})
_ODD_CYCLES: tuple[dict[str, object], ...] = (
    {"pressure": 50.0},
    {"swapped_out": GIB},
    {"reclaim": _ALL_POLICIES},
    {"critical": _ALL_POLICIES},
    {"grow": frozenset({0})},
    {"freeze": frozenset({0})},
    {"refused": True},
    {"after": 12},
)
# An alert raises the reserves of the policy that has a rule for it, and of no other.
_UNEVEN_CYCLES: tuple[dict[str, object], ...] = (
    {"reclaim": frozenset({"p0"})},
    {"critical": frozenset({"p1"})},
)


def _cycle(available: int, moments: tuple[Moment, ...], oddity: dict[str, object], unit: int) -> Cycle:
    return Cycle(available=available * unit, moments=moments, **oddity)  # type: ignore[arg-type]


@st.composite
def scenarios(draw: st.DrawFn, *, one_reserve: bool = False) -> Scenario:
    """Draw any scenario at all."""
    total = draw(st.sampled_from((2 * GIB, 8 * GIB, 64 * GIB)))
    guests = draw(
        st.lists(
            st.builds(Character, maximum=st.sampled_from(_MAXIMA), traits=_traits), min_size=1, max_size=5
        )
    )
    cycles = st.builds(
        _cycle,
        _parts,
        st.tuples(*[_moments] * len(guests)),
        st.sampled_from(({},) * 16 + _ODD_CYCLES + (() if one_reserve else _UNEVEN_CYCLES)),
        st.just(total // PARTS),
    )
    return Scenario(
        total=total,
        budget=draw(st.sampled_from((None, None, total // 2))),
        policies=draw(_policy_sets(one_reserve=one_reserve)),
        guests=tuple(guests),
        cycles=tuple(draw(st.lists(cycles, min_size=1, max_size=4))),
    )


_LEVELS = ((0, 0, 0), (1, 2, 3), (2, 2, 8), (4, 12, 16))  # Critical, reclaim and grow, in GiB.


@st.composite
def scalable_scenarios(draw: st.DrawFn) -> Scenario:
    """Draw a scenario in which no constant of the law bites: large guests, sizes given by its policy."""
    guests = draw(
        st.lists(
            st.builds(Character, maximum=st.sampled_from(_LARGE), traits=st.just(_USUAL_TRAITS[0])),
            min_size=1,
            max_size=4,
        )
    )
    cycles = st.builds(_cycle, _parts, st.tuples(*[_honest_moments] * len(guests)), st.just({}), st.just(GIB))
    critical, reclaim, grow = draw(st.sampled_from(_LEVELS))
    policy = Policy(
        name="only",
        floor=Amount(size=draw(st.sampled_from((0, 512 * MIB, 2 * GIB)))),
        host_thresholds=HostThresholds(
            critical_below=Amount(size=critical * GIB),
            reclaim_below=Amount(size=reclaim * GIB),
            grow_above=Amount(size=grow * GIB),
        ),
        guest_thresholds=GuestThresholds(swap_in_per_second=64 * MIB),
        pace=Pace(minimum_change=32 * MIB),
    )
    return Scenario(
        total=64 * GIB,
        budget=None,
        policies=(policy,),
        guests=tuple(guests),
        cycles=tuple(draw(st.lists(cycles, min_size=1, max_size=3))),
    )

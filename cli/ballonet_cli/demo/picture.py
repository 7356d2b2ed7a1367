"""One look at the demo: what the exporter and the agent said of every guest at one moment. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ballonet.host import Host
from ballonet.law.need import margin_of
from ballonet.policy import Reserves
from ballonet.quantity import MIB
from ballonet.reason import Reason
from ballonet_cli.scene import Gauge, Scene

# By the name of a metric: labels and value of each of its series.
Metrics = Mapping[str, Sequence[tuple[Mapping[str, str], float]]]
# A guest this near to its target has reached it; the law's dead band for a guest of 2 GiB.
_NEAR: Final = 21 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One guest, in bytes; None is not known.

    Attributes:
        actual, maximum, resident, usable: as the exporter names them.
        reported_at: when the guest's driver last reported, seconds since the epoch.
        need, target, reason: the agent's.
    """

    name: str
    actual: int | None = None
    maximum: int | None = None
    resident: int | None = None
    usable: int | None = None
    reported_at: float = 0.0
    need: int | None = None
    target: int | None = None
    reason: Reason | None = None

    @property
    def held(self) -> int | None:
        """Host memory behind the guest, never more than its balloon leaves it."""
        if self.actual is None or self.resident is None:
            return None
        return min(self.actual, self.resident)

    @property
    def satisfied(self) -> bool:
        """Whether it has what it needs: by the agent's number, and by the guest's own, the margin free."""
        if self.need is None or self.actual is None or self.usable is None or self.maximum is None:
            return False
        return self.actual >= self.need and self.usable >= margin_of(self.maximum)

    @property
    def settled(self) -> bool:
        """Whether it is where the agent wants it."""
        return (
            None not in (self.actual, self.target) and abs((self.actual or 0) - (self.target or 0)) <= _NEAR
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All guests.

    Attributes:
        at: when, in seconds of the monotonic clock.
        cycle: when the agent's last complete cycle began, seconds since the epoch; 0: there was none.
    """

    at: float
    host: Host
    guests: Mapping[str, Reading]
    reserves: Reserves | None = None
    overcommitted: int = 0
    cycle: float = 0.0

    @property
    def held(self) -> int | None:
        """The sum that the budget is about, min(resident, actual) of all guests; None: one is unknown."""
        return _sum([guest.held for guest in self.guests.values()])

    @property
    def balloons(self) -> int | None:
        """The sum of what the balloons leave the guests, whether the host stands behind it or not."""
        return _sum([guest.actual for guest in self.guests.values()])

    def targets(self) -> tuple[int | None, ...]:
        """Return what every guest was last asked to have."""
        return tuple(guest.target for guest in self.guests.values())

    def scene(self, title: str, note: str) -> Scene:
        """Return it as the live view shows it."""
        return Scene(
            host=self.host,
            guests=tuple(_gauge(guest) for guest in self.guests.values()),
            reserves=self.reserves,
            overcommitted=self.overcommitted,
            title=title,
            notes=(note,),
        )


def _sum(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _gauge(guest: Reading) -> Gauge:
    return Gauge(
        name=guest.name,
        actual=guest.actual,
        maximum=guest.maximum,
        resident=guest.resident,
        need=guest.need,
        target=guest.target,
        reason=guest.reason,
    )


def picture(names: Sequence[str], exporter: Metrics, agent: Metrics, *, budget: int, at: float) -> Picture:
    """Return what two scrapes show of the guests called ``names``; ``agent`` is empty before it runs."""
    levels = {
        labels.get("level"): int(value) for labels, value in agent.get("ballonet_host_reserve_bytes", ())
    }
    return Picture(
        at=at,
        host=Host(
            name=_host_name(exporter),
            total=_int(exporter, "host_memory_total_bytes"),
            available=_int(exporter, "host_memory_available_bytes"),
            budget=budget,
        ),
        guests={name: _reading(name, exporter, agent) for name in names},
        reserves=_reserves(levels),
        overcommitted=_int(agent, "host_overcommitted_bytes"),
        cycle=_float(agent, "cycle_last_success_timestamp_seconds"),
    )


def _host_name(exporter: Metrics) -> str:
    return next((labels.get("host", "") for labels, _ in exporter.get("ballonet_libvirt_info", ())), "")


def _reserves(levels: Mapping[str | None, int]) -> Reserves | None:
    if not {"grow", "reclaim", "critical"} <= levels.keys():
        return None
    return Reserves(grow=levels["grow"], reclaim=levels["reclaim"], critical=levels["critical"])


def _float(metrics: Metrics, name: str) -> float:
    return next((value for _, value in metrics.get(f"ballonet_{name}", ())), 0.0)


def _int(metrics: Metrics, name: str) -> int:
    return int(_float(metrics, name))


def _reading(name: str, exporter: Metrics, agent: Metrics) -> Reading:
    seen, decided = _of(name, exporter), _of(name, agent)
    reasons = [
        labels.get("reason", "")
        for labels, _ in agent.get("ballonet_guest_decision", ())
        if labels.get("guest") == name
    ]
    return Reading(
        name=name,
        actual=seen("balloon_actual_bytes"),
        maximum=seen("balloon_maximum_bytes"),
        resident=seen("memory_resident_bytes"),
        usable=seen("memory_usable_bytes"),
        reported_at=seen("statistics_timestamp_seconds") or 0.0,
        need=decided("need_bytes"),
        target=decided("target_bytes"),
        reason=next((Reason(word) for word in reasons if word in set(Reason)), None),
    )


def _of(name: str, metrics: Metrics) -> Callable[[str], int | None]:
    """Return a function that gives one of a guest's numbers by the name of its metric."""

    def value(metric: str) -> int | None:
        series = metrics.get(f"ballonet_guest_{metric}", ())
        return next((int(number) for labels, number in series if labels.get("guest") == name), None)

    return value

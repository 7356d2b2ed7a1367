"""What the live view shows, as values: one host, its reserves and its guests at one moment.

``top`` builds it from libvirt and a plan; whoever has the numbers from elsewhere builds it the same way. All
sizes are bytes, None means not known.
"""

from dataclasses import dataclass

from ballonet.decision import Decision, Plan, Resize, View
from ballonet.guest import Guest, State
from ballonet.host import Host
from ballonet.policy import Reserves
from ballonet.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One guest of the view.

    Attributes:
        resident: host memory behind it that could become available; none of a guest on huge pages.
        need: what it cannot give up plus a margin (control law).
        target: what was last asked of it, or will be asked of it now.
        reason: why; None where nobody decided.
    """

    name: str
    state: State = State.RUNNING
    actual: int | None = None
    maximum: int | None = None
    resident: int | None = None
    need: int | None = None
    target: int | None = None
    policy: str | None = None
    reason: Reason | None = None

    @property
    def gap(self) -> int:
        """Bytes that the guest lacks; negative when it has more than it needs."""
        return (self.need or 0) - (self.actual or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The whole view.

    Attributes:
        room: what the host could still give, where a plan says so.
        reserves: the host bytes kept available, where a policy says so.
        overcommitted: bytes by which the guests' needs exceed what the host can give.
        pressed: the host's tasks wait for memory or it swaps.
        notes: lines under the guests, newest last.
    """

    host: Host
    guests: tuple[Gauge, ...]
    room: int | None = None
    reserves: Reserves | None = None
    overcommitted: int = 0
    pressed: bool = False
    title: str = "ballonet"
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> int:
        """Host bytes behind the guests, never more than their balloons leave them."""
        return sum(_behind(guest) for guest in self.guests)

    @property
    def available(self) -> int:
        """What the host could still give; with a budget, what is left of it."""
        if self.room is not None:
            return max(0, self.room)
        if self.host.budget is None:
            return self.host.available
        return max(0, min(self.host.available, self.host.budget - self.held))


def _behind(guest: Gauge) -> int:
    if guest.resident is None:
        return guest.actual or 0
    return guest.resident if guest.actual is None else min(guest.resident, guest.actual)


def scene(view: View, plan: Plan, *, decided: bool = True, title: str = "ballonet") -> Scene:
    """Return the view of a plan; guests that are off have no place in it.

    Args:
        view: what the plan was made from.
        plan: its decisions give need, target and reason.
        decided: False when no policy is in force, and the plan was made for its numbers only.
        title: the first words of the view.
    """
    running = (decision for decision in plan.decisions if decision.guest.active)
    return Scene(
        host=view.host,
        guests=tuple(_gauge(decision, decided=decided) for decision in running),
        room=plan.available,
        reserves=plan.in_force if decided else None,
        overcommitted=plan.overcommitted,
        pressed=plan.pressed,
        title=title,
    )


def _gauge(decision: Decision, *, decided: bool) -> Gauge:
    guest: Guest = decision.guest
    planned = decision.target if isinstance(decision, Resize) else decision.would or decision.target
    return Gauge(
        name=guest.name,
        state=guest.state,
        actual=guest.actual,
        maximum=guest.maximum,
        resident=0 if guest.traits is not None and guest.traits.hugepages else guest.resident,
        need=decision.terms.need if decision.terms and decision.terms.fresh else None,
        target=planned if decided else None,
        policy=decision.policy if decided else None,
        reason=decision.reason if decided else None,
    )

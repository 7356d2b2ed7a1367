"""``ballonet explain``: every number of the law for one guest, in sentences."""

from collections.abc import Iterator, Sequence

from ballonet.decision import Decision, Plan, Resize, Starvation, Terms, View
from ballonet.guest import Guest
from ballonet.law.need import PEAK_HALF_LIFE
from ballonet.policy import Policy, by_precedence
from ballonet.quantity import format_size
from ballonet.reason import sentence
from ballonet_cli.durations import format_duration
from ballonet_cli.printable import printable

_STARVED = {
    Starvation.FAULTING: "it has little usable memory and shows major faults or swap-in",
    Starvation.EXHAUSTED: "it has next to nothing usable, and without swap its OOM killer would be next",
    Starvation.TOOK_BACK: "it took memory back above the size it had been given",
    Starvation.ALERTED: "a firing alert says so",
}


def explanation(decision: Decision, plan: Plan, view: View, policies: Sequence[Policy]) -> list[str]:
    """Return the sentences; ``policies`` are those in force on this host."""
    owner = next((policy for policy in policies if policy.name == decision.policy), None)
    lines = [*_owner(decision.guest, owner, policies), *_sizes(decision), *_statistics(decision.guest, view)]
    terms = decision.terms
    # What was assumed of a guest that takes no part is of no use to anybody.
    if terms is not None and owner is not None and (terms.fresh or decision.grow_to is not None):
        lines += _numbers(terms, owner)
        lines += _shares(decision, plan, owner)
    return [*lines, _verdict(decision)]


def _owner(guest: Guest, owner: Policy | None, policies: Sequence[Policy]) -> Iterator[str]:
    name = printable(guest.name)
    selecting = [policy for policy in by_precedence(policies) if policy.selects(guest)]
    if owner is None:
        yield f"{name} is owned by no policy: none of the {len(policies)} in force on this host selects it."
        return
    yield f"{name} is owned by policy {owner.name} (mode {owner.mode.value}, priority {owner.priority})."
    for policy in selecting:
        if policy is not owner:
            why = (
                "its priority is lower"
                if policy.priority < owner.priority
                else "it is younger or later by name"
            )
            yield f"Policy {policy.name} selects it too and yields: {why}."


def _sizes(decision: Decision) -> Iterator[str]:
    guest = decision.guest
    if not guest.active:
        yield f"It is {guest.state.value}, so it has no memory."
        return
    if guest.actual is None or guest.maximum is None:
        yield "Its size is not known."
        return
    held = (
        f"; {format_size(guest.resident)} of the host's memory is behind it"
        if guest.resident is not None
        else ""
    )
    yield f"It has {format_size(guest.actual)} of a maximum of {format_size(guest.maximum)}{held}."


def _statistics(guest: Guest, view: View) -> Iterator[str]:
    sample = guest.sample
    if not guest.active:
        return
    if guest.traits is not None and guest.traits.balloon_model == "none":
        yield "It has no balloon device."
        return
    if sample is None or sample.timestamp <= 0:
        yield "Its balloon driver has never reported statistics."
        return
    sizes = {"total": sample.total, "usable": sample.usable, "unused": sample.unused}
    known = ", ".join(f"{format_size(size)} {word}" for word, size in sizes.items() if size is not None)
    age = format_duration(view.now - sample.timestamp)
    yield f"{age} ago its driver reported {known or 'no sizes'}."


def _numbers(terms: Terms, owner: Policy) -> Iterator[str]:
    if not terms.fresh:
        yield (
            f"Its statistics are too old to be believed, so its floor is what it has"
            f" ({format_size(terms.floor)}) and it wants its maximum: it can only grow."
        )
        return
    yield (
        f"It uses {format_size(terms.use)} that it cannot give up; a margin of {format_size(terms.margin)}"
        f" covers the blur of one sample{_slope(terms)}."
    )
    if terms.starved is not None:
        why = _STARVED[terms.starved]
        yield f"It is starved ({terms.starved.value}): {why}; it hides its need, so more is guessed."
    yield (
        f"So it needs {format_size(terms.need)}{_raised(terms)}; with {owner.headroom:g}% headroom, and a"
        f" recent peak of {format_size(round(terms.peak))} (half-life {PEAK_HALF_LIFE:g} s), it wants"
        f" {format_size(terms.want)}."
    )
    yield f"It is never left less than its floor of {format_size(terms.floor)} ({_floor(terms, owner)})."


def _raised(terms: Terms) -> str:
    """Say so where the floor is what speaks, so that the numbers add up."""
    floor_speaks = terms.need == terms.floor and terms.use + terms.margin < terms.floor
    return ", because that is its floor" if floor_speaks else ""


def _slope(terms: Terms) -> str:
    if terms.slope <= 0:
        return "; its use does not grow"
    speed = format_size(round(terms.slope))
    return f"; its use grows by {speed} a second, which is added for the time that a move takes"


def _floor(terms: Terms, owner: Policy) -> str:
    named = owner.floor.of(terms.maximum)
    return f"the policy's {owner.floor}" if abs(named - terms.floor) < 4096 else "from its own metadata"


def _shares(decision: Decision, plan: Plan, owner: Policy) -> Iterator[str]:
    reserves = plan.reserves.get(owner.name)
    if reserves is None or decision.grow_to is None or decision.shrink_to is None or decision.terms is None:
        return
    keep_to_grow, keep = format_size(reserves.grow), format_size(reserves.reclaim)
    weight = decision.terms.weight
    yield (
        f"By its weight of {weight} it may grow up to {format_size(decision.grow_to)} while the host"
        f" keeps {keep_to_grow} available, and must shrink down to {format_size(decision.shrink_to)}"
        f" for the host to keep {keep}; between the two it is left alone."
    )


def _verdict(decision: Decision) -> str:
    why = f"because {sentence(decision.reason)} ({decision.reason.value})."
    if isinstance(decision, Resize):
        verb = "grow" if decision.grows else "shrink"
        way = f"from {format_size(decision.current)} to {format_size(decision.target)}"
        return f"Now it would {verb} {way}, {why}"
    at = f" at {format_size(decision.target)}" if decision.target is not None else ""
    if decision.would is not None and decision.would != decision.target:
        return f"It is left{at}, {why} An enforcing policy would set {format_size(decision.would)}."
    return f"It is left{at}, {why}"

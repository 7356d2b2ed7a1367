"""What a policy means, in sentences; every number that somebody could have left out is said."""

from collections.abc import Iterable, Iterator, Sequence

from ballonet.manifests.v1alpha1 import AlertRule
from ballonet.policy import Action, HostThresholds, Mode, Policy, by_precedence
from ballonet.quantity import format_size
from ballonet_cli.policies.selection import guests_in_words, hosts_in_words, may_meet
from ballonet_cli.printable import printable

_MODES = {
    Mode.ENFORCE: "moves the memory of the guests that it owns",
    Mode.OBSERVE: "decides and reports, and touches no guest",
    Mode.FREEZE: "leaves the guests that it owns at the size that they have",
}
_ACTIONS = {
    Action.RECLAIM: "the host that it names keeps the reserve for pressure too",
    Action.CRITICAL: "the host that it names keeps the reserve for pressure too, and guests shrink faster",
    Action.GROW: "the guest that it names counts as starved",
    Action.FREEZE: "the guest that it names is left where it is",
}
_MOST_RIVALS = 8  # A sentence with more of them is read by nobody.
_DEFAULT_WEIGHT = 100  # ``policy.Policy`` has it.
_LEVELS = (
    ("growAbove", "Guests grow only while the host has more available than", "6%, at least 640Mi"),
    ("reclaimBelow", "Guests shrink while the host has less available than", "4%, at least 400Mi"),
    ("criticalBelow", "Guests shrink faster while the host has less available than", "2%, at least 160Mi"),
)  # fmt: skip


def meaning(
    policy: Policy, others: Iterable[Policy], *, alerts: Sequence[AlertRule], memory: Sequence[int]
) -> list[str]:
    """Return the sentences.

    Args:
        policy: the policy to explain.
        others: all that are known beside it.
        alerts: its rules about alerts, which only the document has.
        memory: of the hosts that percentages are worked out for; none: they stay percentages.
    """
    return [
        *_about(policy),
        *_precedence(policy, others),
        *_terms(policy),
        *_levels(policy.host_thresholds, memory),
        *_pressure(policy.host_thresholds, memory),
        *_pace(policy),
        *(_alert(rule) for rule in alerts),
    ]


def _about(policy: Policy) -> Iterator[str]:
    name = printable(policy.name)
    yield f"{name} {_MODES[policy.mode]} (mode {policy.mode.value})."
    yield f"It is in force on {hosts_in_words(policy.hosts)}, and selects {guests_in_words(policy.guests)}."


def _precedence(policy: Policy, others: Iterable[Policy]) -> Iterator[str]:
    """Say who wins; what can never select the same guest is left out."""
    rivals = [other for other in others if other.name != policy.name and may_meet(policy, other)]
    order = by_precedence([policy, *rivals])
    place = next(index for index, each in enumerate(order) if each.name == policy.name)
    above, below = order[:place], order[place + 1 :]
    yield (
        f"Its priority is {policy.priority}; of several policies that select a guest the highest owns it, of "
        "equal ones the older, then the first by name."
    )
    if above:
        yield f"It is overruled by {_rivals(policy, above)}, where they select the same guest."
    if below:
        yield f"It overrules {_rivals(policy, below)}, where they select the same guest."
    if not rivals:
        yield "No other policy that is known can select a guest of it."


def _rivals(policy: Policy, rivals: Sequence[Policy]) -> str:
    words = [f"{printable(each.name)} ({_why(policy, each)})" for each in rivals[:_MOST_RIVALS]]
    words += [f"{len(rivals) - _MOST_RIVALS} more"] if len(rivals) > _MOST_RIVALS else []
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _why(policy: Policy, rival: Policy) -> str:
    if rival.priority != policy.priority:
        return f"priority {rival.priority}"
    if rival.created != policy.created:
        return "equal priority, older" if rival.created < policy.created else "equal priority, younger"
    return "equal priority and age, by name"


def _terms(policy: Policy) -> Iterator[str]:
    whole = " of its maximum" if policy.floor.percent is not None else ""
    yield f"A guest is never left less than {policy.floor}{whole}."
    yield f"It is given {policy.headroom:g}% more than it needs, where there is enough."
    if policy.weight == _DEFAULT_WEIGHT:
        yield f"When memory is short its weight is {policy.weight}, as wherever a policy says nothing."
    else:
        yield (
            f"When memory is short its weight is {policy.weight}: {policy.weight / _DEFAULT_WEIGHT:g} times "
            f"that of a guest whose policy says nothing ({_DEFAULT_WEIGHT})."
        )
    starved = policy.guest_thresholds
    yield (
        f"It counts as starved when less than {starved.usable_below:g}% of what it has is usable and it "
        f"shows more than {starved.major_faults_per_second:g} major faults or swaps in more than "
        f"{format_size(starved.swap_in_per_second)} a second."
    )


def _levels(thresholds: HostThresholds, memory: Sequence[int]) -> Iterator[str]:
    given = (thresholds.grow_above, thresholds.reclaim_below, thresholds.critical_below)
    reserves = [(total, thresholds.reserves(total)) for total in memory]
    worked_out = (
        [(total, each.grow) for total, each in reserves],
        [(total, each.reclaim) for total, each in reserves],
        [(total, each.critical) for total, each in reserves],
    )
    for (field, sentence, default), amount, sizes in zip(_LEVELS, given, worked_out, strict=True):
        source = f"{field} {amount}" if amount is not None else f"{field} is not given: {default}"
        if amount is not None and any(size > amount.of(total) for total, size in sizes):
            source += ", raised to the next lower level where that is above it"
        known = _on_hosts(sizes) if sizes else amount if amount is not None else default.replace(",", " but")
        yield f"{sentence} {known}: {source}."


def _on_hosts(sizes: Sequence[tuple[int, int]]) -> str:
    """Return the sizes, said once where all hosts have the same."""
    if len({size for _, size in sizes}) == 1:
        return _exactly(sizes[0][1])
    return ", ".join(f"{_exactly(size)} on a host with {format_size(total)}" for total, size in sizes)


def _exactly(size: int) -> str:
    return f"{format_size(size)} ({size} bytes)"


def _pressure(thresholds: HostThresholds, memory: Sequence[int]) -> Iterator[str]:
    reserve = thresholds.pressure_reserve
    known = _on_hosts([(total, reserve.of(total)) for total in memory]) if memory else str(reserve)
    yield (
        f"While tasks on the host wait for memory for more than {thresholds.pressure_above:g}% of the time, "
        f"or it swaps, {known} more is kept available: pressureReserve {reserve}."
    )


def _pace(policy: Policy) -> Iterator[str]:
    percent = policy.pace.shrink_percent_per_cycle
    faster = ", 25% below criticalBelow" if percent < 25 else ""
    yield (
        f"A guest shrinks by at most {percent:g}% of its maximum in a cycle{faster}; changes of less than "
        f"{format_size(policy.pace.minimum_change)} are not made."
    )


def _alert(rule: AlertRule) -> str:
    labels = " and ".join(f"{printable(key)}={printable(value)}" for key, value in rule.match_labels.items())
    return f"While an alert with {labels} fires, {_ACTIONS[rule.action]} (action {rule.action.value})."

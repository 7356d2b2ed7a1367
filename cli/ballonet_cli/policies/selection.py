"""Which hosts and guests a policy means, in words, and whether two policies can mean the same guest."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ballonet.policy import Policy, Requirement, Selector
from ballonet_cli.printable import printable

_WILD = "*?["


def hosts_in_words(selector: Selector) -> str:
    """Return ``every host``, or which ones."""
    parts = list(_parts(selector))
    return " ".join(["hosts", *parts]) if parts else "every host"


def guests_in_words(selector: Selector) -> str:
    """Return ``every guest``, or which ones."""
    parts = list(_parts(selector))
    return " ".join(["guests", *parts]) if parts else "every guest"


def _parts(selector: Selector) -> Iterator[str]:
    if selector.names:
        yield f"named {_any_of(selector.names)}"
    if selector.namespaces:
        yield f"in namespace {_any_of(selector.namespaces)}"
    if selector.requirements:
        yield " and ".join(_requirement(each) for each in selector.requirements)


def _requirement(requirement: Requirement) -> str:
    key, values = printable(requirement.key), requirement.values
    match requirement.operator:
        case "Exists":
            return f"with a label {key}"
        case "DoesNotExist":
            return f"without a label {key}"
        case "In":
            return f"with label {key} {_any_of(values)}"
        case _:
            return f"without label {key} {_any_of(values)}"


def _any_of(words: Sequence[str]) -> str:
    *first, last = [printable(word) or '""' for word in words]
    return f"{', '.join(first)} or {last}" if first else last


def may_meet(one: Policy, other: Policy) -> bool:
    """Whether a guest could exist that both select; False only where that is certain."""
    return _overlap(one.hosts, other.hosts) and _overlap(one.guests, other.guests)


def _overlap(one: Selector, other: Selector) -> bool:
    if one.names and other.names and not _names_overlap(one.names, other.names):
        return False
    if one.namespaces and other.namespaces and not set(one.namespaces) & set(other.namespaces):
        return False
    return not any(_exclude(mine, its) for mine in one.requirements for its in other.requirements)


def _names_overlap(ones: Sequence[str], others: Sequence[str]) -> bool:
    return any(_patterns_overlap(one, other) for one in ones for other in others)


def _patterns_overlap(one: str, other: str) -> bool:
    """Whether one name could match both patterns; of two real patterns only the beginnings are compared."""
    mine, its = _plain_start(one), _plain_start(other)
    if mine == one:
        return fnmatchcase(one, other)
    if its == other:
        return fnmatchcase(other, one)
    return mine.startswith(its) or its.startswith(mine)


def _plain_start(pattern: str) -> str:
    end = min((pattern.index(sign) for sign in _WILD if sign in pattern), default=len(pattern))
    return pattern[:end]


def _exclude(one: Requirement, other: Requirement) -> bool:
    """Whether no label can meet both requirements."""
    if one.key != other.key:
        return False
    if one.operator == other.operator == "In":
        return not set(one.values) & set(other.values)
    return _contradict(one, other) or _contradict(other, one)


def _contradict(one: Requirement, other: Requirement) -> bool:
    if other.operator == "DoesNotExist":
        return one.operator in ("In", "Exists")
    return one.operator == "In" and other.operator == "NotIn" and set(one.values) <= set(other.values)

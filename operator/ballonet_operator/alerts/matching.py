"""Which alert acts on what: alerts held against the rules of policies, this host's names and its guests.

Pure. Names are compared for equality and with nothing else, so an alert can only ever do what a rule of a
policy gives to it: on this host, or on a guest that the policy owns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from ballonet.decision import Signals
from ballonet.guest import Guest
from ballonet.policy import Action, AlertRule, Mode, Policy, by_precedence, owner
from ballonet_operator.alerts.alert import Alert

HOST_LABELS: Final = ("host", "node", "nodename", "kubernetes_node")
"""Labels that name the host that an alert is about."""
ADDRESS_LABEL: Final = "instance"
"""Names the exporter that was scraped, which is on the host only where nothing else names the host."""
_HERE: Final = frozenset({"localhost", "localhost.localdomain", "127.0.0.1", "::1"})
"""Every host has these names, so they tell none of them from the others."""
_ON_HOSTS: Final = (Action.RECLAIM, Action.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Use:
    """An alert that a policy acts on.

    Attributes:
        mode: of the policy; one that only observes shows what it would do.
        guest, uuid: the guest; empty where the action is on the host.
    """

    policy: str
    action: Action
    alertname: str
    fingerprint: str
    guest: str = ""
    uuid: str = ""
    mode: Mode = Mode.ENFORCE
    started: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What the alerts of one moment come to."""

    signals: Signals = Signals()
    uses: tuple[Use, ...] = ()


def host_names(host: str, qualified: str = "", further: Iterable[str] = ()) -> frozenset[str]:
    """Return the names by which an alert may call this host, in small letters.

    Args:
        host: its name in policies; the part before the first dot names it as well.
        qualified: the machine's full name, which counts where it is the full form of ``host``.
        further: names that somebody gave it, and addresses of its Node.
    """
    names = {host, *further} | (set() if _is_address(host) else {host.partition(".")[0]})
    if qualified.lower().startswith(f"{host.lower()}."):
        names.add(qualified)
    given = {each.lower() for each in further}
    return frozenset(each.lower() for each in names if each and (each.lower() not in _HERE or each in given))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def named_hosts(alert: Alert) -> frozenset[str]:
    """Return the hosts that an alert names, in small letters; none where it names no host."""
    named = frozenset(alert.labels[each].lower() for each in HOST_LABELS if alert.labels.get(each))
    instance = alert.labels.get(ADDRESS_LABEL)
    return named or (frozenset({without_port(instance).lower()}) if instance else frozenset())


def without_port(instance: str) -> str:
    """Return the host of ``host:port``, ``[address]:port``, or of either without a port."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    host, colon, port = instance.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else instance


def concerns(alert: Alert, names: frozenset[str]) -> bool:
    """Whether the alert may be about this host or a guest of it; one that names only others is not."""
    hosts = named_hosts(alert)
    return not hosts or not hosts.isdisjoint(names)


def match(
    alerts: Iterable[Alert], policies: Iterable[Policy], guests: Sequence[Guest], names: frozenset[str]
) -> Matched:
    """Return what the alerts ask for, and which of them do.

    Args:
        alerts: those that fire.
        policies: those that select this host.
        guests: all of this host.
        names: of this host, as ``host_names`` returns them.
    """
    ordered = by_precedence(policies)
    here = [alert for alert in alerts if concerns(alert, names)]
    called = _by_name(guests) if here else {}
    uses = {
        use
        for policy in ordered
        for rule in policy.alerts
        for alert in here
        if fits(rule, alert)
        for use in _uses(alert, rule.action, policy, ordered, called)
    }
    return Matched(signals=_signals(uses), uses=tuple(sorted(uses)))


def fits(rule: AlertRule, alert: Alert) -> bool:
    """Whether the alert has all labels of the rule, with the same values."""
    return all(alert.labels.get(name) == value for name, value in rule.labels)


def _uses(
    alert: Alert,
    action: Action,
    policy: Policy,
    ordered: Sequence[Policy],
    called: Mapping[str, Sequence[Guest]],
) -> Iterator[Use]:
    """Yield what the alert does through one rule; an action on a host needs an alert that names it."""
    if action in _ON_HOSTS:
        if named_hosts(alert):
            yield _use(alert, action, policy)
        return
    for guest in _candidates(alert, called):
        if names_guest(alert, guest) and owner(guest, ordered) is policy:
            yield _use(alert, action, policy, guest)


def _by_name(guests: Iterable[Guest]) -> Mapping[str, Sequence[Guest]]:
    """Return the guests by all that an alert may call them: thousands of alerts meet hundreds of guests."""
    called: dict[str, list[Guest]] = {}
    for guest in guests:
        for name in {guest.name, guest.uuid.lower()}:
            called.setdefault(name, []).append(guest)
    return called


def _candidates(alert: Alert, called: Mapping[str, Sequence[Guest]]) -> Iterable[Guest]:
    """Return the guests that an alert may name; ``names_guest`` then decides."""
    labels = alert.labels
    machine = labels.get("vm", "")
    words = {
        labels.get("guest", ""),
        labels.get("uuid", "").lower(),
        machine,
        f"{labels.get('namespace')}_{machine}",
    }
    return {guest.uuid: guest for word in words for guest in called.get(word, ())}.values()


def names_guest(alert: Alert, guest: Guest) -> bool:
    """Whether the alert names the guest: by ``guest`` and ``uuid``, or by ``namespace`` and ``vm``.

    The latter is how KubeVirt names machines. Where an alert has two labels of a pair, both must be right.
    """
    name, uuid = alert.labels.get("guest"), alert.labels.get("uuid")
    if name or uuid:
        return (not name or name == guest.name) and (not uuid or uuid.lower() == guest.uuid.lower())
    machine, namespace = alert.labels.get("vm"), alert.labels.get("namespace")
    if not machine or not namespace:
        return False
    # KubeVirt calls the libvirt domain of a machine by both names.
    return guest.name == f"{namespace}_{machine}" or (guest.namespace, guest.name) == (namespace, machine)


def _use(alert: Alert, action: Action, policy: Policy, guest: Guest | None = None) -> Use:
    return Use(
        policy=policy.name,
        action=action,
        alertname=alert.name,
        fingerprint=alert.fingerprint,
        guest=guest.name if guest is not None else "",
        uuid=guest.uuid if guest is not None else "",
        mode=policy.mode,
        started=alert.started,
    )


def _signals(uses: Iterable[Use]) -> Signals:
    uses = tuple(uses)
    return Signals(
        reclaim=frozenset(use.policy for use in uses if use.action is Action.RECLAIM),
        critical=frozenset(use.policy for use in uses if use.action is Action.CRITICAL),
        grow=frozenset(use.uuid for use in uses if use.action is Action.GROW),
        freeze=frozenset(use.uuid for use in uses if use.action is Action.FREEZE),
    )

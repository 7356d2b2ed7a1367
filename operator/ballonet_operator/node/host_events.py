"""What of a cycle deserves a Kubernetes Event: trouble that a person would look for, and its end.

Pure. How many of them are let through is decided in ``event_rate``. A refused policy is not among them: the
controller says it once, not every agent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ballonet.decision import Decision, Starvation, Stay
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE
from ballonet.quantity import format_size
from ballonet.reason import Reason, sentence
from ballonet_operator.node.recent import CONNECTED, PRESSURE, Recent, Verdict, verdicts
from ballonet_operator.node.untrusted import bounded, name
from ballonet_operator.report import Report

_STARVED_FOR: Final = 10.0
"""Seconds for which a guest must have been starved without being helped: five cycles of the usual length."""
_BLINK: Final = 6.0
"""A guest that shows nothing for so long, three of its samples, is not starved any more."""


class HostEvent(NamedTuple):
    """One thing to tell.

    Attributes:
        reason: a CamelCase word for programs.
        subject: the guest's uuid; empty where it is about the host.
        recovery_of: the reason whose end this is; empty for trouble.
    """

    reason: str
    subject: str
    message: str
    at: float
    recovery_of: str = ""


class Spell(NamedTuple):
    """How long a guest has been starved while nothing helped it."""

    since: float
    seen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """What trouble there was in the last cycle, so that each is told when it begins.

    Attributes:
        troubles: by (reason, guest); the host's own have no guest.
    """

    troubles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    spells: Mapping[str, Spell] = field(default_factory=dict)

    def after(self, recent: Recent) -> "tuple[Vigil, tuple[HostEvent, ...]]":
        """Return the vigil once the latest cycle has ended, and what there is to tell of it."""
        report = recent.latest
        if report is None:
            return self, ()
        troubles = dict(_host_troubles(recent, self.troubles))
        spells = self.spells
        if report.plan is not None:
            spells = _spells(report, self.spells)
            troubles |= _guest_troubles(report, spells)
        else:
            troubles |= {key: told for key, told in self.troubles.items() if key[1]}
        vigil = Vigil(troubles=troubles, spells=spells)
        return vigil, (*_begun(self, vigil, report.at), *_ended(self, vigil, report))


def _host_troubles(
    recent: Recent, before: Mapping[tuple[str, str], str]
) -> Iterator[tuple[tuple[str, str], str]]:
    found = {each.type: each for each in verdicts(recent)}
    connected, pressure = found.get(CONNECTED), found.get(PRESSURE)
    if connected is not None and not connected.holds:
        yield ("HypervisorUnreachable", ""), f"libvirt cannot be reached: {connected.message}"
    if pressure is not None and pressure.holds and _critical(pressure, before):
        yield ("HostCritical", ""), before.get(("HostCritical", ""), pressure.message)


def _critical(pressure: Verdict, before: Mapping[tuple[str, str], str]) -> bool:
    """Whether the host is in a critical state, which lasts until it is not short of memory at all."""
    return pressure.reason == "Critical" or ("HostCritical", "") in before


def _spells(report: Report, before: Mapping[str, Spell]) -> dict[str, Spell]:
    """Return for how long each guest has been starved and not helped, with its blinks forgiven."""
    spells = {uuid: spell for uuid, spell in before.items() if 0 <= report.at - spell.seen < _BLINK}
    for each in report.decisions:
        if _unhelped(each):
            begun = spells.get(each.guest.uuid)
            spells[each.guest.uuid] = Spell(begun.since if begun else report.at, report.at)
        elif not isinstance(each, Stay):
            spells.pop(each.guest.uuid, None)
    return spells


def _unhelped(decision: Decision) -> bool:
    """Whether the guest shows that it has too little and is given nothing."""
    if not isinstance(decision, Stay) or decision.terms is None or decision.policy is None:
        return False
    return decision.terms.starved not in (None, Starvation.ALERTED)


def _guest_troubles(report: Report, spells: Mapping[str, Spell]) -> dict[tuple[str, str], str]:
    troubles = {}
    for each in report.decisions:
        uuid, spell = each.guest.uuid, spells.get(each.guest.uuid)
        if each.reason is Reason.STUCK:
            troubles["GuestStuck", uuid] = _said(each)
        elif each.reason is Reason.UNRESPONSIVE:
            troubles["GuestUnresponsive", uuid] = _said(each)
        elif spell is not None and report.at - spell.since >= _STARVED_FOR:
            troubles["GuestStarved", uuid] = _said(each, " is starved and given nothing")
    return troubles


def _said(decision: Decision, what: str = "") -> str:
    guest = decision.guest
    sizes = (("has", guest.actual), ("target", decision.target), ("maximum", guest.maximum))
    known = ", ".join(f"{word} {format_size(size)}" for word, size in sizes if size is not None)
    return f"guest {name(guest.name)}{what}: {_why(decision)} ({known or guest.state})"


def _why(decision: Decision) -> str:
    guest = decision.guest
    if decision.reason in (Reason.SETTLED, Reason.SMALL_CHANGE) and (guest.actual or 0) >= (
        guest.maximum or 0
    ):
        return "it has its maximum already"
    return sentence(decision.reason)


def _begun(before: Vigil, now: Vigil, at: float) -> Iterator[HostEvent]:
    for (reason, subject), message in now.troubles.items():
        if (reason, subject) not in before.troubles:
            yield HostEvent(reason, subject, bounded(message, LONGEST_MESSAGE), at)


_ENDS: Final = {
    "HypervisorUnreachable": ("HypervisorConnected", "libvirt answers again"),
    "HostCritical": ("HostRecovered", "the host is not short of memory any more"),
    "GuestStuck": ("GuestRecovered", "follows its target again"),
    "GuestUnresponsive": ("GuestRecovered", "can be read again"),
    "GuestStarved": ("GuestRecovered", "is not starved any more"),
}


def _ended(before: Vigil, now: Vigil, report: Report) -> Iterator[HostEvent]:
    """Yield what is over; a guest that is gone has not recovered."""
    ended = [key for key in before.troubles if key not in now.troubles]
    listed = {each.guest.uuid: each.guest for each in report.decisions if each.guest.active} if ended else {}
    for trouble, subject in ended:
        reason, what = _ENDS[trouble]
        if not subject:
            yield HostEvent(reason, "", what, report.at, trouble)
        elif subject in listed:
            message = f"guest {name(listed[subject].name)} {what}"
            yield HostEvent(reason, subject, message, report.at, trouble)

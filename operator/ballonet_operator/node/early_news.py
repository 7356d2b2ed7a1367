"""What of a host is told before its turn: what people look for right after they changed something.

Pure, and asked after every cycle in its thread. ``write_pace`` bounds how often that can come to a write.
"""

from collections.abc import Iterable
from typing import Final

from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.manifests.v1alpha1_status import Truth
from ballonet_operator.census import STATES
from ballonet_operator.node.guest_details import readable, tells
from ballonet_operator.node.recent import Recent, Verdict, verdicts
from ballonet_operator.node.untrusted import name
from ballonet_operator.report import Report

_TRUTHS: Final = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}
_REST: Final = 3.0
"""Seconds without a move after which guests have come to rest: more than one cycle of the usual length."""
_LONG_AGO: Final = 60.0
"""Seconds after which a move has been told in its turn."""


def truths(verdicts_now: Iterable[Verdict]) -> dict[str, Truth]:
    """Return the statuses of conditions, by type."""
    return {each.type: _TRUTHS[each.holds] for each in verdicts_now}


def turned(recent: Recent, written: HostStatus | None) -> bool:
    """Whether there is something to tell at once.

    That is a condition that is another than when it was written, the first guests to tell of, and where
    guests came to rest.
    """
    if written is None:
        return True
    before = {each.type: each.status for each in written.conditions}
    if any(before.get(kind) != truth for kind, truth in truths(verdicts(recent)).items()):
        return True
    known = recent.known
    return known is not None and (_appeared(known, written) or _came_to_rest(recent, known, written))


def _appeared(report: Report, written: HostStatus) -> bool:
    """Whether there are guests to tell of, or shrunk ones, where there were none at all."""
    if not written.guests.shrunk and any(map(STATES["shrunk"], report.decisions)):
        return True
    return not written.details and tells(report)


def _came_to_rest(recent: Recent, report: Report, written: HostStatus) -> bool:
    """Whether guests that are told of were moved since, and no longer are."""
    if recent.moved_at is None or not _REST <= report.at - recent.moved_at < _LONG_AGO:
        return False
    told = {each.uuid: each.target for each in written.details}
    targets = ((told.get(name(guest.uuid)), target) for guest, target in report.targets())
    return any(before is not None and before != readable(target) for before, target in targets)

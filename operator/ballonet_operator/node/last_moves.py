"""The last move of each guest, which says why it has what it has once nothing moves any more.

Pure. Steps in one direction that follow each other are one move to whoever reads of it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ballonet.reason import Reason
from ballonet_operator.report import Report

_TOGETHER: Final = 15.0
"""Seconds from one step to the next of the same move; more than the longest cycle that is usual."""


class Moved(NamedTuple):
    """One move that was really made, of one step or several; ``at`` and ``reason`` are of the last."""

    at: float
    before: int
    after: int
    reason: Reason


def remembered(known: Mapping[str, Moved], report: Report) -> Mapping[str, Moved]:
    """Return the last moves by uuid once a cycle has ended, without guests that are gone."""
    made = {
        move.guest.uuid: _joined(
            known.get(move.guest.uuid), Moved(report.at, move.current, move.target, move.reason)
        )
        for move in report.moves()
    }
    if not made:
        return known
    there = {each.guest.uuid for each in report.decisions}
    return {uuid: moved for uuid, moved in {**known, **made}.items() if uuid in there}


def _joined(last: Moved | None, step: Moved) -> Moved:
    if last is None or last.after != step.before or not 0 <= step.at - last.at <= _TOGETHER:
        return step
    same = (last.after > last.before) == (step.after > step.before)
    return step._replace(before=last.before) if same else step

"""Whether the controller lives, and whether it does its work: two questions with different answers.

An API server that is away is no reason to start the controller anew, so it is alive. It is not ready. One
that waits for the lease is ready, because it would do the work at once; but not where nobody can have it.
"""

from dataclasses import dataclass
from typing import Final

from ballonet_operator.health import Verdict

PATIENCE: Final = 120.0
"""Seconds after which a reconcile is stuck; its requests are given up long before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the controller is.

    Attributes:
        dead: the names of threads that ended by themselves.
        busy: seconds since the present reconcile began.
        unlisted: kinds that were never listed.
        watching: whether the API server tells of changes.
        lease: why nobody is known to lead; empty where somebody is.
        problem: why statuses cannot be written now; empty where they can.
        leading: whether this one writes.
        holder: who else leads, as far as known.
    """

    dead: tuple[str, ...] = ()
    busy: float = 0.0
    unlisted: tuple[str, ...] = ()
    watching: bool = True
    lease: str = ""
    problem: str = ""
    leading: bool = False
    holder: str = ""


def alive(found: Condition) -> Verdict:
    """Return whether to go on, or to start it anew."""
    if found.dead:
        return Verdict(good=False, sentence=f"broken: {', '.join(found.dead)} ended")
    if found.busy > PATIENCE:
        return Verdict(good=False, sentence=f"stalled: reconciling for {found.busy:.0f} s")
    return Verdict(good=True, sentence="healthy")


def ready(found: Condition) -> Verdict:
    """Return whether statuses are written, by this controller or by another one that leads."""
    living = alive(found)
    if not living.good:
        return living
    if obstacle := _obstacle(found):
        return Verdict(good=False, sentence=f"not ready: {obstacle}")
    if found.leading:
        return Verdict(good=True, sentence="ready: leading")
    return Verdict(good=True, sentence=f"ready: standing by, {found.holder or 'nobody'} leads")


def _obstacle(found: Condition) -> str:
    """Return what keeps statuses from being written; empty for nothing."""
    if found.unlisted:
        return f"not listed yet: {', '.join(found.unlisted)}"
    if not found.watching:
        return "the API server tells of no changes"
    if found.lease:
        return f"nobody is known to lead: {found.lease}"
    return f"statuses are not written: {found.problem}" if found.problem else ""

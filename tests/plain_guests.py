"""A plain policy, and guests of 4 GiB that are told apart at a glance, for tests of plans.

The policy has no floor and no headroom and keeps plain sizes, so that every number in a test can be worked
out by hand.
"""

from ballonet.decision import Plan
from ballonet.guest import Guest
from ballonet.policy import Pace
from ballonet.quantity import GIB, MIB, Amount
from worlds import guest, moves, policy, thresholds

GROW, RECLAIM, CRITICAL = 600 * MIB, 400 * MIB, 200 * MIB
PLAIN = policy(
    floor=Amount(size=0),
    headroom=0.0,
    host_thresholds=thresholds(GROW, RECLAIM, CRITICAL),
    pace=Pace(shrink_percent_per_cycle=10.0, minimum_change=16 * MIB),
)
CALM = 500 * MIB
PAGE = 4096


def idle(name: str = "a", *, actual: int = 2 * GIB, maximum: int = 4 * GIB, **fields: object) -> Guest:
    """Return a guest that uses 100 MiB."""
    return guest(name, actual=actual, maximum=maximum, usable=actual - 100 * MIB, **fields)


def busy(name: str = "b", *, lacks: int, actual: int = GIB, maximum: int = 4 * GIB) -> Guest:
    """Return a guest that is not starved, and has less than it needs by ``lacks`` (at most 41 MiB)."""
    margin = max(16 * MIB, maximum // 100)
    return guest(name, actual=actual, maximum=maximum, usable=margin - lacks)


def starved(name: str = "s", *, actual: int = GIB, maximum: int = 4 * GIB) -> Guest:
    """Return a guest that needs a tenth more than it has."""
    return guest(name, actual=actual, maximum=maximum, usable=0)


def sizes(result: Plan) -> dict[str, int]:
    """Return the change of every target, by name."""
    return {move.guest.name: move.target - move.current for move in moves(result)}


def crowd(*others: Guest, idle_size: int = 8 * GIB) -> list[Guest]:
    """Return guests beside an idle one that is large enough to feed them all, in time."""
    return [idle("z", actual=idle_size, maximum=idle_size), *others]

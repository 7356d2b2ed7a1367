"""Act: carry out what was decided, guest by guest, and say how each request ended.

Nothing is retried here. What failed is decided anew, from what then is true, in the next cycle.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from ballonet.decision import Decision, Plan, Resize
from ballonet.errors import DeadlineExceeded, GuestGone, HypervisorUnreachable, Refused
from ballonet.guest import Guest
from ballonet.reason import Reason
from ballonet_operator.report import Outcome, PeriodSet, Result

# A starved guest cannot wait; memory that guests give up may be what the others wait for.
_ORDER: Final = (
    (Reason.STARVED, Reason.BELOW_NEED),
    (Reason.HOST_CRITICAL, Reason.HOST_PRESSURE, Reason.HOST_ALERT, Reason.HOST_LOW),
    (Reason.BELOW_WANT,),
)
_SILENT: Final = (Reason.STATISTICS_STALE, Reason.STATISTICS_NEVER_SEEN)
# A guest whose statistics period could not be set is asked again after this long.
_PATIENCE: Final = 60.0


class Writer(Protocol):
    """The part of ``ballonet.hypervisor.Hypervisor`` that changes guests."""

    def set_memory(self, guest: Guest, size: int) -> None:
        """Set a guest's balloon."""
        ...

    def set_statistics_period(self, guest: Guest, seconds: int) -> None:
        """Set how often a guest's driver reports."""
        ...


class Actor:
    """Makes the calls, over a read-write connection.

    Args:
        budget: seconds that the calls of one cycle may take together.
        dry_run: make none.
    """

    def __init__(
        self,
        hypervisor: Writer,
        *,
        statistics_period: int,
        budget: float,
        dry_run: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hypervisor = hypervisor
        self._statistics_period = statistics_period
        self._budget = budget
        self._dry_run = dry_run
        self._clock = clock
        self._asked: dict[str, float] = {}

    def resize(self, plan: Plan) -> Iterator[Outcome]:
        """Set the balloons that the plan moves, the neediest first; yields each outcome as it is known."""
        until = self._clock() + self._budget
        moves = sorted((d for d in plan.decisions if isinstance(d, Resize)), key=_urgency)
        for number, move in enumerate(moves):
            outcome = self._set_memory(move) if self._clock() < until else _late(move)
            yield outcome
            if outcome.result is Result.UNREACHABLE:
                yield from (_unreached(rest, outcome.message) for rest in moves[number + 1 :])
                return

    def _set_memory(self, move: Resize) -> Outcome:
        if self._dry_run:
            return Outcome(decision=move, result=Result.DRY_RUN)
        try:
            self._hypervisor.set_memory(move.guest, move.target)
        except HypervisorUnreachable as error:
            return _unreached(move, str(error))
        except GuestGone as error:
            return Outcome(decision=move, result=Result.GONE, message=str(error))
        except Refused as error:
            return Outcome(decision=move, result=Result.REFUSED, cause=error.cause, message=str(error))
        except DeadlineExceeded as error:
            return Outcome(decision=move, result=Result.DEADLINE, cause=Result.DEADLINE, message=str(error))
        return Outcome(decision=move, result=Result.DONE)

    def wake(self, plan: Plan, enforced: frozenset[str]) -> Iterator[PeriodSet]:
        """Ask silent guests of enforcing policies to report statistics, each at most once a minute."""
        if self._dry_run:
            return
        now = self._clock()
        self._asked = {uuid: at for uuid, at in self._asked.items() if now - at < _PATIENCE}
        silent = (each.guest for each in plan.decisions if _is_silent(each, enforced))
        for guest in (guest for guest in silent if guest.uuid not in self._asked):
            if self._clock() - now > self._budget / 2:
                return
            self._asked[guest.uuid] = now
            yield self._set_period(guest)

    def _set_period(self, guest: Guest) -> PeriodSet:
        try:
            self._hypervisor.set_statistics_period(guest, self._statistics_period)
        except HypervisorUnreachable as error:
            return PeriodSet(guest=guest, result=Result.UNREACHABLE, message=str(error))
        except GuestGone as error:
            return PeriodSet(guest=guest, result=Result.GONE, message=str(error))
        except Refused as error:
            return PeriodSet(guest=guest, result=Result.REFUSED, message=str(error))
        except DeadlineExceeded as error:
            return PeriodSet(guest=guest, result=Result.DEADLINE, message=str(error))
        return PeriodSet(guest=guest, result=Result.DONE)


def _urgency(move: Resize) -> tuple[int, str]:
    rank = next((rank for rank, reasons in enumerate(_ORDER) if move.reason in reasons), len(_ORDER))
    return rank, move.guest.name


def _late(move: Resize) -> Outcome:
    return Outcome(decision=move, result=Result.LATE, cause=Result.LATE, message="the cycle had no time left")


def _unreached(move: Resize, message: str) -> Outcome:
    return Outcome(decision=move, result=Result.UNREACHABLE, cause=Result.UNREACHABLE, message=message)


def _is_silent(decision: Decision, enforced: frozenset[str]) -> bool:
    """Whether the guest's period is 0 and it is ours to set: held and exempt guests have other reasons."""
    traits = decision.guest.traits
    if traits is None or traits.statistics_period != 0 or decision.policy not in enforced:
        return False
    return isinstance(decision, Resize) or decision.reason in _SILENT

"""The part of the agent's metrics that is about the host as a whole."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ballonet.decision import Plan
from ballonet_operator.board import Snapshot
from ballonet_operator.census import immovable, reclaimed
from ballonet_operator.family import Family, Sample, of_report
from ballonet_operator.report import Report
from ballonet_operator.thresholds import host_memory, reserves_raised


def _one(value: Callable[[Report], float]) -> Callable[[Snapshot], Iterable[Sample]]:
    return of_report(lambda report: [((), value(report))])


def _planned(value: Callable[[Plan], float]) -> Callable[[Snapshot], Iterable[Sample]]:
    return of_report(lambda report: [((), value(report.plan))] if report.plan is not None else ())


def _reserves(report: Report) -> Iterator[Sample]:
    if report.plan is not None:
        levels = report.plan.in_force
        yield ("grow",), levels.grow
        yield ("reclaim",), levels.reclaim
        yield ("critical",), levels.critical


HOST: Final[tuple[Family[Snapshot], ...]] = (
    Family(
        name="host_budget_bytes",
        help="The most that guests together may use of the host, of which policies take percentages: all of "
        "its memory where the agent was given no budget.",
        samples=_one(host_memory),
    ),
    Family(
        name="host_budget_available_bytes",
        help="What is left of it: the host's available memory, or the rest of the budget where that is less. "
        "Reserves are compared with this.",
        samples=_planned(lambda plan: plan.available),
    ),
    Family(
        name="host_reserve_bytes",
        help="Available memory of the host above which guests grow, below which they shrink, and below which "
        "they shrink faster: the thresholds in force, pressure and alerts included.",
        labels=("level",),
        samples=of_report(_reserves),
    ),
    Family(
        name="host_reserves_raised",
        help="1 while pressure, swapping or an alert has raised the reserves, otherwise 0.",
        samples=_one(reserves_raised),
    ),
    Family(
        name="host_pool_bytes",
        help="What guests may have together while the reserve for growing stays free.",
        samples=_planned(lambda plan: plan.pool),
    ),
    Family(
        name="host_overcommitted_bytes",
        help="By how much the guests' needs exceed what the host can give; 0 while they fit.",
        samples=_planned(lambda plan: plan.overcommitted),
    ),
    Family(
        name="host_immovable_bytes",
        help="Memory behind guests that the agent cannot or may not move, by the reason of its decision; "
        "absent where there are none.",
        labels=("reason",),
        samples=of_report(lambda report: (((reason,), held) for reason, held in immovable(report).items())),
    ),
    Family(
        name="reclaimed_bytes",
        help="What guests of policies have less than their maximum, together.",
        samples=_one(reclaimed),
    ),
)

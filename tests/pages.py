"""Pages of an agent for tests: made from reports of real plans, without a hypervisor."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from agent_parts import page as book_page
from ballonet.decision import View
from ballonet.guest import Guest
from ballonet.host import Pressure
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB
from ballonet.web.message import Request
from ballonet_operator.board import Board
from ballonet_operator.health import Verdict
from ballonet_operator.page.overview import facts, overview
from ballonet_operator.report import Outcome, Report, Result
from ballonet_operator.settings import AgentSettings
from herd import instant
from worlds import NOW, decide, guest, host, moves, policy

GOOD = Verdict(good=True, sentence="ready")


def report(
    seen: View,
    *policies: Policy,
    refused: Mapping[str, tuple[str, ...]] | None = None,
    results: Mapping[str, Result] | None = None,
) -> Report:
    """Return the report of one cycle; every move is done where ``results`` does not say otherwise."""
    owners = policies or (Policy(name="all"),)
    plan = decide(seen, *owners)
    ended = results or {}
    outcomes = [
        Outcome(decision=move, result=ended.get(move.guest.name, Result.DONE), cause="refused")
        for move in moves(plan)
    ]
    book = replace(book_page(*owners), refused=refused or {})
    return Report(
        number=1, at=seen.now, duration=0.012, page=book, view=seen, plan=plan, outcomes=tuple(outcomes)
    )


def rendered(
    *reports: Report,
    options: AgentSettings | None = None,
    verdict: Verdict = GOOD,
    query: Mapping[str, tuple[str, ...]] | None = None,
    after: float = 3.0,
) -> str:
    """Return the page after these cycles, ``after`` seconds after the present of the tests."""
    board = Board()
    for each in reports:
        board.record(each)
    known = facts(options or AgentSettings(policies=Path("/etc/ballonet/policies")))
    handle = overview(board.snapshot, lambda: verdict, known, clock=lambda: NOW + after)
    return handle(Request(path="/", query=query or {})).body.decode()


def menagerie() -> Report:
    """Return a cycle over one guest of every kind."""
    return report(instant(), refused={"broken.yaml": ("spec.floor: 'much' is not a size",)})


def fleet(count: int) -> View:
    """Return a host of 1 TiB with so many guests of several kinds and sizes, some of them in trouble."""
    guests: Iterable[Guest] = (_one(number) for number in range(count))
    return View(host=host(available=50 * GIB, total=1024 * GIB), guests=tuple(guests), now=NOW)


def _one(number: int) -> Guest:
    name = f"tenant-{number % 7}-machine-{number:03}"
    maximum = (1 + number % 4) * GIB
    match number % 10:
        case 0:
            return guest(name, actual=maximum // 2, maximum=maximum, usable=5 * MIB)
        case 1:
            return guest(name, actual=maximum // 2, maximum=maximum, sample=None)
        case _:
            return guest(name, actual=maximum * 3 // 4, maximum=maximum)


def six() -> list[Report]:
    """Return two cycles, 40 seconds apart, of a host whose six guests have too much, then too little."""
    some = Pressure(avg10=0.8, avg60=0.4, avg300=0.1, total=3.0)
    names = ("web-1", "web-2", "database", "build", "mail", "backup")
    calm = [guest(name, actual=3 * GIB, maximum=4 * GIB, usable=2 * GIB) for name in names]
    first = View(host=host(available=600 * MIB, total=24 * GIB, some=some), guests=tuple(calm), now=NOW - 40)
    busy = [
        guest("web-1", actual=2600 * MIB, maximum=4 * GIB, usable=700 * MIB),
        guest("web-2", actual=2600 * MIB, maximum=4 * GIB, usable=300 * MIB),
        guest("database", actual=2600 * MIB, maximum=4 * GIB, usable=12 * MIB),
        guest("build", actual=2600 * MIB, maximum=4 * GIB, usable=1900 * MIB),
        guest("mail", actual=2600 * MIB, maximum=4 * GIB, usable=1500 * MIB),
        guest("backup", actual=2600 * MIB, maximum=4 * GIB, sample=None),
    ]
    second = View(host=host(available=3 * GIB, total=24 * GIB, some=some), guests=tuple(busy), now=NOW)
    refused = {"backup.yaml": ("spec.floor: 'much' is not a size: write for example 512Mi, 2Gi or 2GiB",)}
    return [report(first, policy("prod")), report(second, policy("prod"), refused=refused)]

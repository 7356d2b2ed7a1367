"""How often the status of a host is written while its guests live, in the closed world of ``worlds``."""

import random

from agent_parts import page
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.quantity import GIB, MIB
from ballonet_operator.node.early_news import turned
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.recent import Recent
from ballonet_operator.node.write_pace import Pace, differs
from ballonet_operator.report import Outcome, Report, Result
from worlds import Inhabitant, World, moves

MINUTES = 10


def cycle(world: World) -> Report:
    """Let one cycle pass and return its report."""
    plan = world.turn()
    outcomes = tuple(Outcome(decision=move, result=Result.DONE) for move in moves(plan))
    seen = world.seen
    return Report(
        number=1,
        at=world.now,
        duration=0.1,
        page=page(*world.policies),
        view=seen,
        plan=plan,
        outcomes=outcomes,
    )


def writes(world: World, jitter: int) -> tuple[int, int]:
    """Let guests live whose use wavers, and return how often they moved and how often it was written."""
    chance, uses = random.Random(1), [one.use for one in world.inhabitants]
    recent, written, pace = Recent(), HostStatus(), Pace(interval=30.0)
    moved = count = 0
    for _ in range(MINUTES * 30):
        for one, use in zip(world.inhabitants, uses, strict=True):
            one.use = use + chance.randint(-jitter, jitter)
        report = cycle(world)
        moved += len(report.outcomes)
        recent = recent.after(report)
        if pace.delay(world.now, early=turned(recent, written if count else None)) > 0:
            continue
        status = host_status(recent, written, "kvm-1", (), now=world.now)
        if differs(status, written):
            written, pace, count = status, pace.written(world.now), count + 1
        else:
            pace = pace.looked(world.now)
    return moved, count


def host(guests: int, use: int, total: int) -> World:
    """Return a host that has had time to settle."""
    world = World([Inhabitant(f"g{number}", use=use) for number in range(guests)], total=total, other=GIB)
    world.settle(200)
    return world


def test_a_host_at_rest_is_written_once_and_never_again() -> None:
    assert writes(host(4, 200 * MIB, 16 * GIB), 8 * MIB) == (0, 1)


def test_a_host_that_is_full_is_not_told_of_all_the_time() -> None:
    _, count = writes(host(8, 900 * MIB, 8 * GIB), 8 * MIB)

    assert 1 <= count <= 5


def test_a_host_whose_guests_always_move_is_written_twice_a_minute() -> None:
    moved, count = writes(host(8, 400 * MIB, 6 * GIB), 60 * MIB)

    assert moved > 500
    assert MINUTES <= count <= 2 * MINUTES + 3

"""The demo without guests: what it makes of two scrapes, and what it says in the end."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from ballonet.policy import Reserves
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_cli.commands import cli
from ballonet_cli.demo.picture import Metrics, Picture, picture
from ballonet_cli.demo.size import LARGEST, NAMES, Size
from ballonet_cli.demo.story import Story, Unmet, Wait
from ballonet_cli.demo.verdict import moments_table, remarks, waits_table

BUDGET = 8 * GIB
Series = list[tuple[dict[str, str], float]]


Changes = Mapping[str, int]
NOTHING: Changes = {}
SHORT: Changes = {"D actual": 1500 * MIB}


def exporter(*, busy: Sequence[str] = (), changed: Changes = NOTHING) -> Metrics:
    """Return what the exporter says of six guests of 2 GiB; ``{"A actual": ...}`` changes one number."""
    metrics: dict[str, Series] = {
        "ballonet_host_memory_total_bytes": [({}, 24.0 * GIB)],
        "ballonet_host_memory_available_bytes": [({}, 12.0 * GIB)],
        "ballonet_libvirt_info": [({"host": "kvm-1"}, 1.0)],
    }
    for name in NAMES:
        size = 1900 * MIB if name in busy else 512 * MIB
        numbers = {
            "balloon_actual_bytes": changed.get(f"{name} actual", size),
            "balloon_maximum_bytes": 2 * GIB,
            "memory_resident_bytes": changed.get(f"{name} resident", size - 200 * MIB),
            "memory_usable_bytes": changed.get(f"{name} usable", 300 * MIB),
            "statistics_timestamp_seconds": 1_000,
        }
        for metric, number in numbers.items():
            metrics.setdefault(f"ballonet_guest_{metric}", []).append(({"guest": name}, float(number)))
    return metrics


def agent(*, busy: Sequence[str] = ()) -> Metrics:
    return {
        "ballonet_guest_need_bytes": [
            ({"guest": name}, (1600.0 if name in busy else 512.0) * MIB) for name in NAMES
        ],
        "ballonet_guest_target_bytes": [
            ({"guest": name}, (1900.0 if name in busy else 512.0) * MIB) for name in NAMES
        ],
        "ballonet_guest_decision": [
            ({"guest": name, "policy": "demo", "reason": "Settled"}, 1.0) for name in NAMES
        ],
        "ballonet_host_reserve_bytes": [
            ({"level": "grow"}, 640.0), ({"level": "reclaim"}, 400.0), ({"level": "critical"}, 160.0),
        ],
        "ballonet_cycle_last_success_timestamp_seconds": [({}, 1_001.0)],
    }  # fmt: skip


def look(at: float = 0.0, *, busy: Sequence[str] = "DEF", changed: Changes = NOTHING) -> Picture:
    return picture(NAMES, exporter(busy=busy, changed=changed), agent(busy=busy), budget=BUDGET, at=at)


def text(story: Story) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(moments_table(story))
        console.print(waits_table(story))
    return captured.get()


def test_a_picture_joins_what_both_programs_say() -> None:
    seen = look()
    guest = seen.guests["D"]

    assert (guest.actual, guest.need, guest.held) == (1900 * MIB, 1600 * MIB, 1700 * MIB)
    assert guest.reason is Reason.SETTLED
    assert guest.satisfied
    assert guest.settled
    assert seen.held == 3 * 1700 * MIB + 3 * 312 * MIB
    assert seen.balloons == 3 * 1900 * MIB + 3 * 512 * MIB
    assert seen.scene("demo", "note").reserves == Reserves(grow=640, reclaim=400, critical=160)
    assert seen.scene("demo", "note").host.name == "kvm-1"


def test_before_the_agent_runs_nothing_is_needed_or_decided() -> None:
    seen = picture(NAMES, exporter(), {}, budget=BUDGET, at=0.0)

    assert seen.cycle == 0
    assert seen.guests["A"].need is None
    assert not seen.guests["A"].satisfied
    assert seen.scene("demo", "note").reserves is None


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    metrics = {name: series for name, series in exporter().items() if "resident" not in name}

    assert picture(NAMES, metrics, {}, budget=BUDGET, at=0.0).held is None


@pytest.mark.parametrize(
    ("changed", "satisfied"),
    [
        pytest.param({}, True, id="enough"),
        pytest.param(SHORT, False, id="less than the agent says it needs"),
        pytest.param({"D usable": 10 * MIB}, False, id="no margin inside the guest"),
    ],
)
def test_a_guest_has_what_it_needs_by_both_sides(changed: Changes, satisfied: bool) -> None:  # noqa: FBT001
    assert look(changed=changed).guests["D"].satisfied is satisfied


def test_more_than_the_budget_ends_the_story() -> None:
    story = Story(budget=BUDGET)
    story.watch(look())

    with pytest.raises(Unmet, match=r"more than the budget of 8Gi"):
        story.watch(look(busy="ABCDEF"))

    assert story.looks == 2
    assert story.highest > BUDGET


def test_the_time_below_its_need_is_counted_while_a_guest_waits() -> None:
    story = Story(budget=BUDGET, waits={"D": Wait(guest="D", began=0.0)})

    story.watch(look(at=0.0))
    story.watch(look(at=1.0, changed=SHORT))
    story.watch(look(at=3.0, changed=SHORT))
    story.watch(look(at=4.0))
    story.waits["D"].served = 4.0
    story.watch(look(at=9.0, changed=SHORT))

    assert story.waits["D"].short == 3.0


def test_the_tables_tell_the_moments_and_the_waits() -> None:
    story = Story(budget=BUDGET, killed=())
    story.watch(look())
    story.keep("settled", look(), "DEF")
    story.waits["D"] = Wait(guest="D", began=0.0, wrote=17.25, served=19.0, short=1.0)
    story.waits["E"] = Wait(guest="E", began=0.0)

    lines = [line.split() for line in text(story).splitlines()]
    told = " ".join(remarks(story, Size(maximum=LARGEST)))

    assert ["settled", "A", "idle", "512Mi", "512Mi", "312Mi", "Settled"] in lines
    assert ["D", "busy", "1.6Gi", "1.9Gi", "1.7Gi", "Settled"] in lines
    assert ["sum", "7.1Gi", "5.9Gi", "inside", "the", "budget", "of", "8Gi"] in lines
    assert ["D", "17.2", "s", "19.0", "s", "1.0", "s"] in lines
    assert ["E", "never", "never", "0.0", "s"] in lines
    assert "at most 5.9Gi of the budget of 8Gi in 1 looks; 12Gi are promised" in told
    assert "OOM killer: quiet" in told
    assert story.conclusion() == ""


@pytest.mark.parametrize(
    ("story", "conclusion"),
    [
        pytest.param(Story(budget=BUDGET, killed=("A", "C")), "acted inside A C", id="a kill"),
        pytest.param(Story(budget=BUDGET, failure="guest A is gone"), "guest A is gone", id="a failure"),
    ],
)
def test_what_went_wrong_is_one_line(story: Story, conclusion: str) -> None:
    assert conclusion in story.conclusion()


def test_a_busy_guest_without_its_need_is_a_failure() -> None:
    story = Story(budget=BUDGET, killed=())
    story.keep("after", look(changed=SHORT), "DEF")

    assert story.conclusion() == "D has 1.5Gi of the 1.6Gi that it needs"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--guest-memory", "3GiB"], "use 512Mi to 2Gi", id="a guest too large"),
        pytest.param(["--guest-memory", "lots"], "is not a size", id="no size"),
        pytest.param(["--stop", "{empty}"], "no demo that was left running", id="nothing to stop"),
    ],
)
def test_a_wrong_word_is_one_line_and_starts_nothing(
    arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    started = time.monotonic()
    result = CliRunner().invoke(cli, ["demo", *(word.format(empty=tmp_path) for word in arguments)])

    assert result.exit_code == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.output
    assert time.monotonic() - started < 5

"""The agent's metrics: golden text, absence, and names that want to break it."""

import subprocess
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agent_parts import FakeHypervisor, cycle, hypervisor, page
from ballonet.errors import HypervisorUnreachable, Refused
from ballonet.guest import Guest, State
from ballonet.host import Pressure
from ballonet.policy import Action, GuestThresholds, HostThresholds, Mode, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.alerts.matching import Use
from ballonet_operator.board import Board, Standing
from ballonet_operator.book import Page
from ballonet_operator.metrics import TABLE, AgentCollector
from ballonet_operator.report import Report
from golden import check
from worlds import guest, host, policy, sample, thresholds, traits

FULL = host(available=100 * MIB, total=4 * GIB)
HOSTILE = 'a"} 1\nevil{x="\\'


ALERTS = Alerting(
    uses=(
        Use(policy="all", action=Action.GROW, alertname="Small", fingerprint="f1", guest="busy", uuid="b"),
        Use(policy="all", action=Action.RECLAIM, alertname="Filling", fingerprint="f2"),
        Use(policy="looks", action=Action.RECLAIM, alertname="Filling", fingerprint="f2"),
    ),
    answers={"http://one:9093": True, "http://two:9093": False},
    succeeded_at=1_000_000.25,
    polls={"success": 7, "unreachable": 1, "refused": 0, "unusable": 0},
    asked=True,
    reachable=True,
)
ON_KUBERNETES = Standing(connected=True, listed_at=1_000_000.5, requests={"writes_done": 3})


def exposition(*reports: Report, standing: Standing | None = None) -> str:
    """Return what a scrape after these cycles gets, without what differs from run to run."""
    board = Board()
    for number, report in enumerate(reports, start=1):
        board.record(replace(report, duration=0.25, at=1_000_000.0 + number))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentCollector(lambda: replace(board.snapshot(), standing=standing)))
    return generate_latest(registry).decode()


def series(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the series of one metric: label values in the order of their names -> value."""
    return {
        tuple(value for _, value in sorted(found.labels.items())): found.value
        for family in text_string_to_metric_families(text)
        for found in family.samples
        if found.name == f"ballonet_{name}"
    }


def some_host() -> FakeHypervisor:
    """A host with a guest of nearly every kind."""
    return hypervisor(
        guest("idle", usable=800 * MIB),
        guest("busy", actual=512 * MIB, sample=sample(usable=4 * MIB, total=460 * MIB)),
        guest("refuses"),
        guest("silent", traits=traits(statistics_period=0), sample=None),
        guest("bare", traits=traits(balloon_model="none")),
        guest("watched"),
        guest("nobodys"),
        Guest(uuid="uuid-off", name="off", state=State.SHUT_OFF),
    )


def busy_reports() -> list[Report]:
    fake = some_host()

    def trouble(call: str, name: str) -> None:
        if call == "set_memory" and name == "refuses":
            raise Refused("no", cause="busy")

    fake.trouble = trouble
    policies = (
        policy("all", guests=Selector(names=("idle", "busy", "refuses", "silent", "bare", "off"))),
        policy("looks", mode=Mode.OBSERVE, priority=5, guests=Selector(names=("watched",))),
    )
    beat = cycle(fake, FULL, policies)
    return [
        replace(beat.run_once(), page=replace(page(*policies), refused={"bad.yaml": ("no",)}), alerts=ALERTS)
        for _ in range(2)
    ]


def test_the_exposition_is_as_it_was_found_good() -> None:
    lines = exposition(*busy_reports(), standing=ON_KUBERNETES).splitlines(keepends=True)
    check("agent-metrics.txt", "".join(line for line in lines if "build_info{" not in line))


def test_promtool_finds_nothing_to_say() -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=exposition(*busy_reports()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_before_the_first_cycle_nothing_is_claimed() -> None:
    text = exposition()
    assert series(text, "cycle_last_success_timestamp_seconds") == {(): 0.0}
    assert series(text, "guests") == {}
    assert series(text, "moved_bytes_total") == {("grow",): 0.0, ("reclaim",): 0.0}


def test_a_lost_cycle_leaves_no_series_of_guests_and_counts() -> None:
    fake = hypervisor(guest("a"))
    beat = cycle(fake, FULL)
    good = beat.run_once()

    def trouble(_: str, __: str) -> None:
        raise HypervisorUnreachable("connection refused")

    fake.trouble = trouble
    text = exposition(good, beat.run_once())
    assert series(text, "guest_target_bytes") == {}
    assert series(text, "cycles_total") == {("complete",): 1.0, ("lost",): 1.0}
    assert series(text, "cycle_last_success_timestamp_seconds") == {(): 1_000_001.0}
    assert sum(series(text, "moves_total").values()) == 1.0


def test_a_guest_that_is_gone_leaves_no_series() -> None:
    fake = hypervisor(guest("a"), guest("b"))
    beat = cycle(fake, FULL)
    first = beat.run_once()
    del fake.guests["a"]
    assert set(series(exposition(first, beat.run_once()), "guest_target_bytes")) == {("b",)}


def test_hostile_names_stay_one_label() -> None:
    fake = hypervisor(guest(HOSTILE))
    report = replace(
        cycle(fake, FULL, [policy("all")]).run_once(), page=replace(page(), refused={HOSTILE: ("no",)})
    )
    text = exposition(report)
    assert set(series(text, "guest_target_bytes")) == {(HOSTILE,)}
    assert set(series(text, "policy_rejected")) == {(HOSTILE,)}
    assert series(text, "evil") == {}


def test_thresholds_are_those_that_the_policy_has_in_base_units() -> None:
    strict = thresholds(2 * GIB, GIB, GIB // 2, pressure_above=15.0, pressure_reserve=Amount(size=3 * GIB))
    guests = GuestThresholds(usable_below=8.0, major_faults_per_second=100.0, swap_in_per_second=4 * MIB)
    written = policy("strict", host_thresholds=strict, guest_thresholds=guests)
    elsewhere = policy("elsewhere", hosts=Selector(names=("other",)))
    text = exposition(cycle(hypervisor(guest("a")), FULL, [written, elsewhere]).run_once())

    assert series(text, "policy_reserve_bytes") == {
        ("grow", "strict"): 2 * GIB,
        ("reclaim", "strict"): GIB,
        ("critical", "strict"): GIB // 2,
    }
    assert series(text, "policy_pressure_reserve_bytes") == {("strict",): 3 * GIB}
    assert series(text, "policy_pressure_threshold_ratio") == {("strict",): 0.15}
    assert series(text, "policy_guest_usable_threshold_ratio") == {("strict",): 0.08}
    assert series(text, "policy_guest_major_faults_threshold_per_second") == {("strict",): 100.0}
    assert series(text, "policy_guest_swap_in_threshold_bytes_per_second") == {("strict",): 4 * MIB}


@pytest.mark.parametrize(
    ("avg10", "raised"), [pytest.param(15.0, 0.0, id="at the limit"), pytest.param(15.1, 1.0, id="above it")]
)
def test_reserves_are_raised_above_the_pressure_that_the_policy_names(avg10: float, raised: float) -> None:
    waiting = replace(FULL, some=Pressure(avg10=avg10, avg60=0, avg300=0, total=0))
    written = policy(host_thresholds=HostThresholds(pressure_above=15.0, pressure_reserve=Amount(size=GIB)))
    text = exposition(cycle(hypervisor(guest("a")), waiting, [written]).run_once())

    assert series(text, "host_reserves_raised") == {(): raised}
    assert series(text, "host_reserve_bytes")["reclaim",] == 400 * MIB + raised * GIB
    assert series(text, "policy_reserve_bytes")["reclaim", "all"] == 400 * MIB


def test_a_budget_takes_the_place_of_the_hosts_memory() -> None:
    lent = host(available=3 * GIB, total=16 * GIB, budget=2 * GIB)
    text = exposition(cycle(hypervisor(guest("a")), lent).run_once())

    assert series(text, "host_budget_bytes") == {(): 2 * GIB}
    assert series(text, "host_budget_available_bytes") == {(): GIB}


def test_memory_that_cannot_be_moved_is_summed_by_why() -> None:
    fake = hypervisor(
        guest("movable"),
        guest("pinned", traits=traits(locked=True), resident=MIB),
        guest("huge", traits=traits(hugepages=True), resident=MIB),
        guest("bare", traits=traits(balloon_model="none"), resident=300 * MIB),
        guest("bare too", traits=traits(balloon_model="none"), resident=None),
        Guest(uuid="uuid-off", name="off", state=State.SHUT_OFF, maximum=GIB),
    )
    text = exposition(cycle(fake, host()).run_once())

    assert series(text, "host_immovable_bytes") == {
        ("MemoryPinned",): GIB,
        ("Hugepages",): GIB,
        ("NoBalloonDevice",): GIB + 300 * MIB,
    }


def test_a_starved_guest_shows_and_an_idle_one_shows_that_it_is_not() -> None:
    text = exposition(*busy_reports())

    assert series(text, "guest_starved")["busy",] == 1.0
    assert series(text, "guest_starved")["idle",] == 0.0
    assert series(text, "guest_limit_bytes")["busy",] == GIB


def test_every_family_of_the_table_has_series_on_a_busy_host() -> None:
    text = exposition(*busy_reports(), standing=ON_KUBERNETES)
    assert [family.name for family in TABLE if not series(text, family.name)] == []


def test_an_alert_counts_once_for_each_thing_that_it_does() -> None:
    in_force = series(exposition(*busy_reports()), "alerts_in_force")
    assert in_force == {("Reclaim",): 1.0, ("Critical",): 0.0, ("Grow",): 1.0, ("Freeze",): 0.0}


def test_an_agent_without_an_alertmanager_says_nothing_of_alerts() -> None:
    text = exposition(cycle(hypervisor(guest("a")), FULL).run_once())
    found = [family.name for family in TABLE if "alert" in family.name and series(text, family.name)]
    assert found == []


def test_alertmanager_is_told_of_while_libvirt_is_away() -> None:
    lost = replace(cycle(hypervisor(), FULL).run_once(), plan=None, lost="away", alerts=ALERTS)
    assert len(series(exposition(lost), "alertmanager_up")) == 2
    assert series(exposition(lost), "alerts_in_force") == {}


def test_a_host_without_kubernetes_says_nothing_of_it() -> None:
    text = exposition(*busy_reports())
    silent = [family.name for family in TABLE if not series(text, family.name)]
    assert silent == [family.name for family in TABLE if family.name.startswith("kubernetes_")]


def test_a_cycle_that_waits_for_the_policies_is_counted_apart_and_says_nothing_of_guests() -> None:
    unknown = Page(waiting="the policies")
    text = exposition(cycle(some_host(), FULL, look=lambda: unknown).run_once())
    assert series(text, "cycles_total")[("waiting",)] == 1
    assert series(text, "cycle_last_success_timestamp_seconds") == {(): 0}
    assert series(text, "guest_decision") == {}

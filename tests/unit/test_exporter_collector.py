"""What a scrape says of guests and host, from fixed values; golden pages hold the whole."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ballonet.errors import BallonetError, ConfigError, DeadlineExceeded, HypervisorUnreachable
from ballonet.guest import Guest, Read, Sample, State
from ballonet.host import Host, Pressure
from ballonet.hypervisor import Survey
from ballonet.quantity import GIB, MIB
from ballonet_exporter import metrics, process
from ballonet_exporter.collector import GuestCollector, HostCollector, Scraper
from ballonet_exporter.exposition import Reading, render
from ballonet_exporter.reference import reference
from ballonet_exporter.single_flight import SingleFlight
from worlds import NOW, guest, host, sample, traits

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data"

Series = dict[str, float]


def survey(*guests: Guest) -> Survey:
    return Survey(
        guests=guests,
        hypervisor="QEMU",
        hypervisor_version="7.2.19",
        libvirt_version="9.0.0",
        host_name="kvm-1",
    )


def guest_collector(*guests: Guest, selects: Callable[[str], bool] = lambda _: True) -> GuestCollector:
    return GuestCollector(lambda _: survey(*guests), selects=selects, clock=lambda: NOW)


def series_of(readings: Iterable[Reading]) -> Series:
    """Return every series of a page by its text: name{labels} to value."""
    lines = [line for line in render(readings).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def scraped(*guests: Guest) -> Series:
    return series_of(guest_collector(*guests).collect(1.0))


def of(name: str, found: Series) -> Series:
    prefix = "ballonet_guest_"
    return {
        series.split("{")[0].removeprefix(prefix): value
        for series, value in found.items()
        if series.startswith(prefix) and f'guest="{name}"' in series
    }


def pressed_host() -> Host:
    some = Pressure(avg10=12.5, avg60=3.0, avg300=0.25, total=17.0)
    full = Pressure(avg10=1.0, avg60=0.0, avg300=0.0, total=2.0)
    return host(available=3 * GIB, total=16 * GIB, some=some, full=full)


def every_kind_of_guest() -> tuple[Guest, ...]:
    return (
        guest(
            "web-1",
            actual=768 * MIB,
            resident=512 * MIB,
            sample=sample(
                usable=200 * MIB,
                timestamp=NOW - 1,
                unused=150 * MIB,
                disk_caches=60 * MIB,
                swap_in=5 * MIB,
                swap_out=7 * MIB,
                major_faults=11,
                minor_faults=130000,
                hugetlb_allocations=0,
                hugetlb_failures=0,
            ),
            traits=traits(autodeflate=True, free_page_reporting=True),
        ),
        guest("off", state=State.SHUT_OFF, resident=None, sample=None),
        guest("paused", state=State.PAUSED),
        guest("no-device", sample=None, traits=traits(balloon_model="none", statistics_period=0)),
        guest("no-driver", sample=Sample(timestamp=0)),
        guest("frozen", read=Read.BUSY, resident=None, sample=None, frozen=True),
        Guest(name="late", uuid="uuid-late", read=Read.DEADLINE),
        guest("gone", read=Read.VANISHED),
        guest('say "hi"\\\n', sample=None),
    )


def test_a_reporting_guest_shows_every_field() -> None:
    found = of("web-1", scraped(*every_kind_of_guest()))

    assert found == {
        "info": 1,
        "state": 1,
        "read_status": 1,
        "balloon_actual_bytes": 768 * MIB,
        "balloon_maximum_bytes": GIB,
        "memory_total_bytes": (1024 - 52) * MIB,
        "memory_usable_bytes": 200 * MIB,
        "memory_unused_bytes": 150 * MIB,
        "memory_disk_caches_bytes": 60 * MIB,
        "memory_resident_bytes": 512 * MIB,
        "swap_in_bytes_total": 5 * MIB,
        "swap_out_bytes_total": 7 * MIB,
        "major_faults_total": 11,
        "minor_faults_total": 130000,
        "hugetlb_allocations_total": 0,
        "hugetlb_failures_total": 0,
        "statistics_timestamp_seconds": NOW - 1,
        "statistics_period_seconds": 2,
        "statistics_fresh": 1,
    }


def test_what_is_not_reported_has_no_series() -> None:
    found = of("frozen", scraped(*every_kind_of_guest()))

    assert set(found) == {
        "info",
        "state",
        "read_status",
        "balloon_actual_bytes",
        "balloon_maximum_bytes",
        "statistics_period_seconds",
        "statistics_fresh",
    }
    assert found["statistics_fresh"] == 0


def test_a_guest_that_is_off_has_no_balloon_and_no_freshness() -> None:
    found = of("off", scraped(*every_kind_of_guest()))

    assert "balloon_actual_bytes" not in found
    assert "statistics_fresh" not in found
    assert found["balloon_maximum_bytes"] == GIB


def test_a_guest_that_never_reported_has_no_timestamp_and_is_not_fresh() -> None:
    found = of("no-driver", scraped(*every_kind_of_guest()))

    assert "statistics_timestamp_seconds" not in found
    assert found["statistics_fresh"] == 0


def test_a_guest_without_a_device_has_no_period() -> None:
    assert "statistics_period_seconds" not in of("no-device", scraped(*every_kind_of_guest()))


def test_a_guest_that_vanished_is_named_and_nothing_else() -> None:
    assert of("gone", scraped(*every_kind_of_guest())) == {"read_status": 1}


def test_guests_come_and_go_without_a_trace() -> None:
    there = [guest("a"), guest("b")]
    collector = GuestCollector(lambda _: survey(*there), clock=lambda: NOW)
    collector.collect(1.0)
    there[:] = [guest("b"), guest("c")]

    found = series_of(collector.collect(1.0))

    assert of("a", found) == {}
    assert of("b", found)
    assert of("c", found)


def test_only_the_guests_that_the_flags_select_are_shown() -> None:
    collector = guest_collector(guest("web-1"), guest("db-1"), selects=lambda name: name.startswith("web"))

    found = series_of(collector.collect(1.0))

    assert of("web-1", found)
    assert of("db-1", found) == {}


@pytest.mark.parametrize("error", [HypervisorUnreachable("gone"), DeadlineExceeded("late")])
def test_a_hypervisor_that_is_away_leaves_the_rest_of_the_page(error: BallonetError) -> None:
    def read(_: float) -> Survey:
        raise error

    scraper = Scraper([GuestCollector(read), HostCollector(pressed_host)])

    found = series_of(scraper.scrape(1.0))

    assert found["ballonet_up"] == 0
    assert found['ballonet_scrape_collector_success{collector="guest"}'] == 0
    assert found['ballonet_scrape_collector_success{collector="host"}'] == 1
    assert found["ballonet_host_memory_available_bytes"] == 3 * GIB


def test_a_host_that_cannot_be_read_leaves_the_guests() -> None:
    def read() -> Host:
        raise ConfigError("/proc is not mounted")

    found = series_of(Scraper([guest_collector(guest("a")), HostCollector(read)]).scrape(1.0))

    assert found["ballonet_up"] == 1
    assert found['ballonet_scrape_collector_success{collector="host"}'] == 0
    assert of("a", found)


def test_a_failure_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    working = [False, False, False, True, True]

    def read(_: float) -> Survey:
        if not working.pop(0):
            raise HypervisorUnreachable("socket is gone")
        return survey()

    scraper = Scraper([GuestCollector(read)])
    with caplog.at_level("INFO"):
        for _ in range(5):
            scraper.scrape(1.0)

    assert [record.message for record in caplog.records] == ["collector fails", "collector works again"]


def test_pressure_is_a_ratio_and_absent_without_psi() -> None:
    name = 'ballonet_host_memory_pressure_ratio{kind="some",window="10s"}'

    assert series_of(HostCollector(pressed_host).collect(1.0))[name] == 0.125
    assert not [name for name in series_of(HostCollector(host).collect(1.0)) if "pressure" in name]


def golden_readings() -> list[Reading]:
    guests = guest_collector(*every_kind_of_guest()).collect(1.0)
    return [*guests, *HostCollector(pressed_host).collect(1.0)]


@pytest.mark.parametrize(
    ("name", "openmetrics"),
    [
        pytest.param("metrics.txt", False, id="text"),
        pytest.param("metrics.openmetrics", True, id="openmetrics"),
    ],
)
def test_the_whole_page_is_the_golden_one(name: str, openmetrics: bool, tmp_path: Path) -> None:  # noqa: FBT001
    page = tmp_path / name
    page.write_bytes(render(golden_readings(), openmetrics=openmetrics))

    assert page.read_text() == (DATA / name).read_text(), f"if right: cp {page} {DATA / name}"


def test_every_family_has_help_and_its_name_keeps_the_rules() -> None:
    for family in (*metrics.FAMILIES, *process.FAMILIES):
        assert family.help.endswith(".") or family.help.endswith("?"), family.name
        assert family.name.startswith(("ballonet_", "process_"))
        assert family.name == family.name.lower()
    assert len({family.name for family in metrics.FAMILIES}) == len(metrics.FAMILIES)


def test_every_family_that_is_scraped_is_in_the_table_with_its_labels() -> None:
    scraper = Scraper([guest_collector(*every_kind_of_guest()), HostCollector(pressed_host)])
    table = {family.name: set(family.labels) for family in metrics.FAMILIES}

    page = render(scraper.scrape(1.0)).decode()

    seen: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for found in family.samples:
            seen.setdefault(found.name, set()).update(found.labels)
    assert seen == table


def test_the_documented_tables_are_those_of_the_code() -> None:
    assert reference() in (ROOT / "docs/metrics.md").read_text()


def test_the_process_shows_itself() -> None:
    found = series_of(process.read_process())

    assert {family.name for family in process.FAMILIES} == set(found)
    assert found["process_resident_memory_bytes"] > 5 * MIB
    assert found["process_open_fds"] <= found["process_max_fds"]


def test_a_process_file_system_that_hides_the_process_shows_nothing(tmp_path: Path) -> None:
    assert process.read_process(tmp_path) == []


def test_scrapes_that_overlap_share_one_collection() -> None:
    entered, leave = threading.Event(), threading.Event()
    calls: list[float] = []

    def slow(deadline: float) -> int:
        calls.append(deadline)
        entered.set()
        assert leave.wait(10)
        return len(calls)

    flight = SingleFlight(slow)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(flight, 5.0)
        assert entered.wait(10)
        others = [pool.submit(flight, 5.0) for _ in range(2)]
        leave.set()
        assert [first.result(), *(other.result() for other in others)][0] == 1
    assert flight(1.0) == len(calls)


def test_who_waits_for_somebody_elses_collection_waits_no_longer_than_its_own_deadline() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: float) -> Survey:
        entered.set()
        assert leave.wait(10)
        return survey()

    scraper = Scraper([GuestCollector(slow)])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(scraper.scrape, 5.0)
        assert entered.wait(10)
        impatient = series_of(scraper.scrape(0.01))
        leave.set()
        assert series_of(first.result())["ballonet_up"] == 1
    assert impatient["ballonet_up"] == 0


def test_a_collection_that_breaks_wakes_who_waits_for_it() -> None:
    entered, leave = threading.Event(), threading.Event()

    def broken(_: float) -> int:
        entered.set()
        assert leave.wait(10)
        raise ZeroDivisionError

    flight = SingleFlight(broken)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flight, 5.0)
        assert entered.wait(10)
        second = pool.submit(flight, 5.0)
        while not second.running():
            pass
        leave.set()
        with pytest.raises(ZeroDivisionError):
            first.result()
        with pytest.raises((DeadlineExceeded, ZeroDivisionError)):
            second.result()

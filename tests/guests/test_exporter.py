"""The exporter on real guests: what it says of them, and what can happen to them while it reads."""

import gzip
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from ballonet.quantity import GIB, KIB, MIB
from ballonet_exporter.embedding import connect
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from running_exporter import RunningExporter, Scrape, running_exporter

# libvirt's field and our series, for a guest whose driver reports; all sizes are KiB there.
MEMORY = {
    "balloon.current": "balloon_actual_bytes",
    "balloon.maximum": "balloon_maximum_bytes",
    "balloon.available": "memory_total_bytes",
    "balloon.usable": "memory_usable_bytes",
    "balloon.unused": "memory_unused_bytes",
    "balloon.disk_caches": "memory_disk_caches_bytes",
    "balloon.swap_in": "swap_in_bytes_total",
    "balloon.swap_out": "swap_out_bytes_total",
}
COUNTS = {
    "balloon.major_fault": "major_faults_total",
    "balloon.minor_fault": "minor_faults_total",
    "balloon.hugetlb_pgalloc": "hugetlb_allocations_total",
    "balloon.hugetlb_pgfail": "hugetlb_failures_total",
    "balloon.last-update": "statistics_timestamp_seconds",
}


@pytest.fixture(scope="module")
def guests(lab: Lab) -> dict[str, LabGuest]:
    """Guests of every kind, which no test changes for good."""
    specs = [
        GuestSpec(name="web-1", maximum=GIB, current=768 * MIB, swap=128 * MIB),
        GuestSpec(name="silent", maximum=512 * MIB, memory_stats_period=0),
        GuestSpec(name="no-device", maximum=512 * MIB, model="none"),
        GuestSpec(name="no-driver", maximum=512 * MIB, driver=False),
        GuestSpec(name="deflates", maximum=512 * MIB, autodeflate=True, free_page_reporting=True),
    ]
    return {guest.name: guest for guest in lab.guests(specs)}


@pytest.fixture(scope="module")
def exporter(lab: Lab, guests: dict[str, LabGuest]) -> Iterator[RunningExporter]:
    assert guests
    with running_exporter(lab.read_only_uri) as exporter:
        yield exporter


def domstats(guest: LabGuest) -> dict[str, int]:
    lines = guest.virsh.run("domstats", "--balloon", guest.name).splitlines()
    pairs = (line.strip().partition("=") for line in lines if "balloon." in line)
    return {name: int(value) for name, _, value in pairs}


def both(exporter: RunningExporter, guest: LabGuest) -> tuple[Scrape, dict[str, int]]:
    """Return a scrape and virsh's answer about one and the same report of the guest."""

    def look() -> tuple[Scrape, dict[str, int]] | None:
        before, scrape, after = domstats(guest), exporter.scrape(), domstats(guest)
        return (scrape, after) if before == after else None

    found = eventually(look, "a report stayed the same for three looks")
    assert found is not None
    return found


def test_every_value_is_the_one_that_virsh_shows(
    exporter: RunningExporter, guests: dict[str, LabGuest]
) -> None:
    scrape, there = both(exporter, guests["web-1"])
    found = scrape.of("web-1")

    expected = {series: there[field] * KIB for field, series in MEMORY.items() if field in there}
    expected |= {series: there[field] for field, series in COUNTS.items() if field in there}
    assert len(expected) >= 10
    assert {name: found[name] for name in expected} == expected
    assert abs(found["memory_resident_bytes"] - there["balloon.rss"] * KIB) < 16 * MIB
    assert found["statistics_period_seconds"] == 2
    assert found["statistics_fresh"] == 1
    assert scrape.labels("ballonet_guest_state", guest="web-1")["state"] == "running"


def test_the_info_series_tells_the_device(exporter: RunningExporter, guests: dict[str, LabGuest]) -> None:
    scrape = exporter.scrape()
    uuid = guests["deflates"].virsh.run("domuuid", "deflates").strip()

    assert scrape.labels("ballonet_guest_info", guest="deflates") == {
        "guest": "deflates",
        "uuid": uuid,
        "balloon_model": "virtio",
        "autodeflate": "true",
        "free_page_reporting": "true",
    }
    assert scrape.labels("ballonet_guest_info", guest="no-device")["balloon_model"] == "none"


def test_what_a_guest_does_not_report_has_no_series(exporter: RunningExporter) -> None:
    scrape = exporter.scrape()
    always = {"info", "state", "read_status", "balloon_actual_bytes", "balloon_maximum_bytes"}
    always |= {"memory_resident_bytes", "statistics_fresh"}

    assert set(scrape.of("no-device")) == always
    assert set(scrape.of("no-driver")) == always | {"statistics_period_seconds"}
    assert scrape.of("no-driver")["statistics_fresh"] == 0
    assert "NaN" not in scrape.page


def test_a_report_of_the_boot_is_shown_and_called_old(
    exporter: RunningExporter, guests: dict[str, LabGuest]
) -> None:
    found = exporter.scrape().of("silent")

    assert found["statistics_period_seconds"] == 0
    assert found["statistics_fresh"] == 0
    assert domstats(guests["silent"]).get("balloon.usable", 0) * KIB == found.get("memory_usable_bytes", 0)


def test_a_paused_guest_is_shown_and_called_old(lab: Lab, exporter: RunningExporter) -> None:
    lab.virsh.run("suspend", "web-1")
    try:
        scrape = exporter.scrape()
    finally:
        lab.virsh.run("resume", "web-1")

    assert scrape.labels("ballonet_guest_state", guest="web-1")["state"] == "paused"
    assert scrape.of("web-1")["statistics_fresh"] == 0
    assert scrape.of("web-1")["balloon_actual_bytes"] > 0


def test_the_balloon_is_seen_moving(exporter: RunningExporter, guests: dict[str, LabGuest]) -> None:
    def is_now(size: int) -> bool:
        return exporter.scrape().of("web-1")["balloon_actual_bytes"] == size

    guests["web-1"].set_memory(512 * MIB)
    eventually(lambda: is_now(512 * MIB), "the scrape shows the smaller balloon")
    guests["web-1"].set_memory(768 * MIB)
    eventually(lambda: is_now(768 * MIB), "the scrape shows the larger balloon")


def test_promtool_has_nothing_to_say(exporter: RunningExporter) -> None:
    page, _ = exporter.get("/metrics")

    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_openmetrics_and_gzip_are_for_who_asks(exporter: RunningExporter) -> None:
    page, _ = exporter.get(
        "/metrics", Accept="application/openmetrics-text;version=1.0.0", Accept_Encoding="gzip"
    )

    text = gzip.decompress(page).decode()
    families = {family.name for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]
    assert {"ballonet_guest_memory_usable_bytes", "ballonet_guest_swap_in_bytes"} <= families


def test_an_embedded_collector_tells_the_same_series(lab: Lab, exporter: RunningExporter) -> None:
    registry = CollectorRegistry()
    registry.register(connect(lab.read_only_uri))

    embedded = generate_latest(registry).decode()

    def names(page: str) -> set[str]:
        lines = (line for line in page.splitlines() if not line.startswith(("#", "process_")))
        return {line.rpartition(" ")[0] for line in lines}

    assert names(embedded) == names(exporter.scrape().page)


def test_a_query_chooses_collectors(exporter: RunningExporter) -> None:
    host_only, guests_only = exporter.scrape("?collect[]=host"), exporter.scrape("?collect[]=guest")

    assert "ballonet_up" not in host_only.series
    assert "ballonet_host_memory_total_bytes" in host_only.series
    assert "ballonet_host_memory_total_bytes" not in guests_only.series
    assert guests_only.value("ballonet_up") == 1


def test_flags_choose_collectors_and_guests(lab: Lab, guests: dict[str, LabGuest]) -> None:
    assert guests
    with running_exporter(
        lab.read_only_uri, "--no-collector.host", "--guest.include=web-.*|silent", "--guest.exclude=sil.*"
    ) as exporter:
        scrape = exporter.scrape()

    assert set(scrape.series["ballonet_guest_state"]) == {(("guest", "web-1"), ("state", "running"))}
    assert not [name for name in scrape.series if name.startswith("ballonet_host_")]


def test_the_page_for_people_and_the_probes_ask_nobody(
    exporter: RunningExporter, guests: dict[str, LabGuest]
) -> None:
    guests["web-1"].freeze()
    try:
        pages = [exporter.get(path, timeout=0.5)[0] for path in ("/", "/-/healthy", "/-/ready")]
    finally:
        guests["web-1"].thaw()

    assert b'href="/metrics"' in pages[0]
    assert pages[1:] == [b"healthy\n", b"ready\n"]


def test_names_that_are_hard_to_write_are_written(lab: Lab, exporter: RunningExporter) -> None:
    (odd,) = lab.cheap_guests(1, prefix='we"ird \\ é{}')
    try:
        assert exporter.scrape().of(odd.name)["balloon_maximum_bytes"] == 64 * MIB
        page, _ = exporter.get("/metrics")
        subprocess.run(["promtool", "check", "metrics"], input=page, check=True)
    finally:
        odd.destroy()


def test_one_frozen_guest_costs_one_scrape_its_deadline_and_no_other_guest_anything(
    exporter: RunningExporter, guests: dict[str, LabGuest]
) -> None:
    names = set(guests)
    healthy = min(exporter.scrape().seconds for _ in range(20))
    complete = {name: set(exporter.scrape().of(name)) for name in names}

    guests["deflates"].freeze()
    try:
        first = exporter.scrape()
        later = [exporter.scrape() for _ in range(20)]
    finally:
        guests["deflates"].thaw()

    assert first.seconds < 1.0 + 0.25
    # The fastest of many on both sides: a median of milliseconds tells what else the machine does.
    assert min(scrape.seconds for scrape in later) < 1.2 * healthy + 0.005
    for scrape in (first, *later):
        assert {name: set(scrape.of(name)) for name in names - {"deflates"}} == {
            name: complete[name] for name in names - {"deflates"}
        }
        status = scrape.labels("ballonet_guest_read_status", guest="deflates")["status"]
        assert status in {"busy", "deadline"}
        assert scrape.of("deflates")["balloon_maximum_bytes"] == 512 * MIB
        assert scrape.of("deflates")["statistics_fresh"] == 0
        assert scrape.value("ballonet_up") == 1
    eventually(
        lambda: set(exporter.scrape().of("deflates")) == complete["deflates"],
        "the thawed guest is complete again",
    )


def test_a_scraper_with_less_patience_gets_its_answer_in_time(lab: Lab, guests: dict[str, LabGuest]) -> None:
    with running_exporter(
        lab.read_only_uri, "--scrape.deadline=10s", "--scrape.timeout-offset=200ms"
    ) as exporter:
        assert exporter.scrape().value("ballonet_up") == 1
        guests["deflates"].freeze()
        try:
            scrape = exporter.scrape(X_Prometheus_Scrape_Timeout_Seconds="0.7")
        finally:
            guests["deflates"].thaw()

    assert scrape.seconds < 0.7
    assert scrape.value("ballonet_up") == 1


def test_guests_that_vanish_during_scrapes_take_nothing_with_them(
    lab: Lab, guests: dict[str, LabGuest]
) -> None:
    stop = threading.Event()
    rounds: list[str] = []

    def churn(number: int) -> None:
        while not stop.is_set():
            for guest in lab.cheap_guests(1, prefix=f"churn-{number}"):
                guest.destroy()
                rounds.append(guest.name)

    assert guests
    # libvirt lists no guests while it ends one, for 1.6 s each; this is about what is in the list.
    with running_exporter(lab.read_only_uri, "--scrape.deadline=20s") as exporter:
        survivor, seen = set(exporter.scrape().of("web-1")), 0
        with ThreadPoolExecutor(3) as pool:
            churning = [pool.submit(churn, number) for number in range(3)]
            try:
                while len(rounds) < 12:
                    scrape = exporter.scrape()
                    assert scrape.value("ballonet_up") == 1
                    assert set(scrape.of("web-1")) == survivor
                    seen += len(_churned(scrape))
            finally:
                stop.set()
            for done in churning:
                done.result()

        assert seen > 0
        eventually(lambda: not _churned(exporter.scrape()), "none is left")


def _churned(scrape: Scrape) -> set[str]:
    names = {dict(labels)["guest"] for labels in scrape.series["ballonet_guest_read_status"]}
    return {name for name in names if name.startswith("churn-")}


def test_scrapes_at_once_are_all_complete(exporter: RunningExporter) -> None:
    alone = set(exporter.scrape().of("web-1"))
    with ThreadPoolExecutor(8) as pool:
        scrapes = list(pool.map(lambda _: exporter.scrape(), range(40)))

    assert all(set(scrape.of("web-1")) == alone for scrape in scrapes)


def test_libvirtd_may_go_and_come_back(own_lab: Lab) -> None:
    own_lab.cheap_guests(2)
    with running_exporter(own_lab.read_only_uri) as exporter:
        assert exporter.scrape().value("ballonet_up") == 1
        own_lab.restart_libvirtd()
        assert exporter.scrape().value("ballonet_up") == 1  # The first scrape after it, not the second.

        own_lab.stop_libvirtd()
        away = exporter.scrape()
        assert away.value("ballonet_up") == 0
        assert away.value("ballonet_scrape_collector_success", collector="guest") == 0
        assert away.value("ballonet_host_memory_total_bytes")
        assert not away.series.get("ballonet_guest_info")
        assert exporter.get("/-/ready")[0] == b"ready\n"

        own_lab.start_libvirtd()
        back = exporter.scrape()
        assert back.value("ballonet_up") == 1
        assert back.of("cheap-0001")


def test_it_starts_before_libvirtd_does(own_lab: Lab) -> None:
    own_lab.stop_libvirtd()
    with running_exporter(own_lab.read_only_uri) as exporter:
        assert exporter.scrape().value("ballonet_up") == 0
        own_lab.start_libvirtd()
        assert exporter.scrape().value("ballonet_up") == 1

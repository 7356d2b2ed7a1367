"""Scrapes of a host with many guests: time against the bare libvirt call, its rendering, and memory.

``python bench/scrape_time.py [GUESTS]`` starts that many cheap guests (150; 35 MiB each) under a private
libvirtd, and measures everything side by side in one run, on the same guests.
"""

import gzip
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import libvirt
import trustme

from ballonet.hypervisor import Hypervisor
from ballonet.machine import read_host
from ballonet_exporter.collector import GuestCollector, HostCollector, Scraper
from ballonet_exporter.exposition import render
from ballonet_lab import Lab

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from running_exporter import RunningExporter, running_exporter

PARTS = 4
ROUNDS = 15


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def bare_call(uri: str) -> Callable[[], object]:
    """Return the bulk call alone, in four parts at once: what no exporter can be faster than."""
    connection: Any = libvirt.openReadOnly(uri)
    pool = ThreadPoolExecutor(PARTS)
    groups = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON

    def read(domains: list[Any]) -> int:
        nowait = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        return len(connection.domainListGetStats(domains, groups, nowait))

    def call() -> int:
        domains = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        return sum(pool.map(read, [domains[start::PARTS] for start in range(PARTS)]))

    return call


def resident(exporter: RunningExporter) -> str:
    """Return the resident memory of a process, and how much of it is its own and not files' pages."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{exporter.process.pid}/status").read_text().splitlines()
    )
    total, own = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
    return f"{total:.1f} MiB, of these {own:.1f} its own"


def web_file(directory: Path) -> Path:
    leaf = trustme.CA().issue_cert("127.0.0.1")
    leaf.cert_chain_pems[0].write_to_path(directory / "c.pem")
    leaf.private_key_pem.write_to_path(directory / "k.pem")
    file = directory / "web.yml"
    file.write_text("rate_limit: {interval: 1ms, burst: 1000}\n")
    return file


def compare(lab: Lab, exporter: RunningExporter) -> None:
    bare, once = bare_call(lab.read_only_uri), urllib.request.Request(f"{exporter.url}/metrics")

    def scrape() -> bytes:
        with urllib.request.urlopen(once, timeout=30) as response:
            page: bytes = response.read()
        return page

    pairs = [(milliseconds(bare), milliseconds(scrape)) for _ in range(ROUNDS)]
    calls, scrapes = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"bare call in {PARTS} parts   {calls:7.1f} ms, median of {ROUNDS}")
    print(f"scrape over HTTP        {scrapes:7.1f} ms, {scrapes / calls:.2f} x the bare call")
    page = scrape()
    packed = milliseconds(lambda: gzip.compress(page, 1, mtime=0))
    print(f"page                    {len(page) / 1024:7.0f} KiB, gzip takes {packed:.1f} ms")


def rendering(lab: Lab) -> None:
    hypervisor = Hypervisor(lab.read_only_uri, read_only=True, deadline=10)
    survey = hypervisor.read()
    reading = statistics.median(milliseconds(hypervisor.read) for _ in range(ROUNDS))
    scraper = Scraper([GuestCollector(lambda _: survey), HostCollector(read_host)])

    def rest() -> bytes:
        return render(scraper.scrape(10))

    rendered = statistics.median(milliseconds(rest) for _ in range(ROUNDS))
    print(f"rest of a scrape        {rendered:7.1f} ms, {rendered / (rendered + reading):.1%} of it")
    hypervisor.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    with Lab.start() as lab, tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        lab.cheap_guests(count)
        print(f"{count} guests")
        exporter = stack.enter_context(running_exporter(lab.read_only_uri, "--scrape.deadline=10s"))
        compare(lab, exporter)
        rendering(lab)
        print(f"exporter                {resident(exporter)}")
        protected = stack.enter_context(
            running_exporter(lab.read_only_uri, f"--web.config.file={web_file(Path(directory))}")
        )
        for _ in range(ROUNDS):
            protected.get("/metrics")
        print(f"with --web.config.file  {resident(protected)}")


if __name__ == "__main__":
    main()

"""The agent's page of 500 guests: how long it takes to make and how large it is."""

import gzip
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from ballonet.web.message import Request
from pages import fleet, report
from served_pages import front

ROUNDS = 40
GUESTS = (6, 150, 500)


def main() -> None:
    print("| guests | ms, median | ms, least | KiB | KiB, gzip |\n|---|---|---|---|---|")
    for guests in GUESTS:
        handle = front(report(fleet(guests)))
        body, times = b"", []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            body = handle(Request(path="/")).body
            times.append((time.perf_counter() - started) * 1000)
        sizes = (len(body) / 1024, len(gzip.compress(body, 1)) / 1024)
        print(
            f"| {guests} | {statistics.median(times):.1f} | {min(times):.1f} "
            f"| {sizes[0]:.0f} | {sizes[1]:.1f} |"
        )


if __name__ == "__main__":
    main()

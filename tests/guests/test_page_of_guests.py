"""The pages of a real agent and a real exporter show real guests, and what is done to them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path

import html5lib
import pytest

from ballonet.quantity import KIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from running_agent import RunningAgent, running_agent
from running_exporter import running_exporter

HOSTILE = "<img src=x onerror=alert(1)>"
POLICY = (
    "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {name: all}\n"
    "spec: {thresholds: {host: {growAbove: 128Mi, reclaimBelow: 64Mi, criticalBelow: 32Mi}}}\n"
)


@pytest.fixture(scope="module")
def guests(lab: Lab) -> tuple[LabGuest, LabGuest]:
    calm, hostile = lab.guests([GuestSpec(name="calm", swap=512 * MIB), GuestSpec(name=HOSTILE)])
    return calm, hostile


@pytest.fixture
def agent(lab: Lab, tmp_path: Path, guests: tuple[LabGuest, LabGuest]) -> Iterator[RunningAgent]:
    """An agent on a budget on which the guests have to share."""
    assert guests
    directory = tmp_path / "policies"
    directory.mkdir()
    (directory / "all.yaml").write_text(POLICY)
    (directory / "broken.yaml").write_text(
        POLICY.replace("64Mi", "much").replace("{name: all}", "{name: broken}")
    )
    with ExitStack() as ends:
        yield ends.enter_context(running_agent(tmp_path, lab.uri, directory, "--host.budget", "1536Mi"))


def section(page: str, name: str) -> str:
    """Return what a reader sees of one section."""
    inner = page.partition(f'<section aria-labelledby="{name}">')[2].partition("</section>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", inner)).split())


def rows(page: str) -> dict[str, str]:
    """Return the words of each guest's row by its name."""
    body = page.partition('aria-labelledby="guests"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>.*?<bdi>(.*?)</bdi>(.*?)</tr>", body, re.DOTALL)
    return {unescape(name): " ".join(unescape(re.sub(r"<[^>]*>", " ", rest)).split()) for name, rest in found}


def test_real_guests_and_their_moves_are_on_the_page(
    agent: RunningAgent, guests: tuple[LabGuest, LabGuest]
) -> None:
    eventually(lambda: all(agent.asked(guest.name) for guest in guests), "the agent shrinks both guests")
    agent.run_cycles(1)
    page = agent.get("/")[1]

    shown = rows(page)
    assert set(shown) == {"calm", HOSTILE}
    assert all("shrunk to" in words and " all the" in words for words in shown.values())
    moves = section(page, "moves")
    assert re.search(r"calm \d\d:\d\d:\d\d UTC, \d+ s ago shrunk by", moves)
    assert f"{HOSTILE} " in moves
    assert "Budget of the guests 1.5Gi" in section(page, "host")
    assert "broken.yaml spec.thresholds.host.reclaimBelow: 'much'" in section(page, "refused")
    assert "<img" not in page
    html5lib.HTMLParser(strict=True).parse(page)
    assert agent.memory < 100 * MIB


def test_a_guest_that_comes_under_load_is_seen_to_grow(
    agent: RunningAgent, guests: tuple[LabGuest, LabGuest]
) -> None:
    calm, _ = guests
    eventually(lambda: calm.memory_statistics()["actual"] < 800 * KIB, "the guest is shrunk")
    load = calm.start_load(700 * MIB)
    eventually(
        lambda: "grown to" in rows(agent.get("/")[1])["calm"], "the page shows that it grows", within=60
    )
    load.wait()
    assert re.search(r"calm \d\d:\d\d:\d\d UTC, \d+ s ago grown by", section(agent.get("/")[1], "moves"))


def test_the_exporter_shows_what_the_guests_report(lab: Lab, guests: tuple[LabGuest, LabGuest]) -> None:
    assert guests
    with running_exporter(lab.read_only_uri) as exporter:
        page = exporter.get("/")[0].decode()

    shown = rows(page)
    assert set(shown) == {"calm", HOSTILE}
    for words in shown.values():
        assert " running ok " in words
        assert words.endswith("s ago")
    assert "1Gi" in shown["calm"]
    assert "<img" not in page

"""The pages in a real browser: how they look, who can read them, and what they refuse to do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from ballonet.hypervisor import Survey
from ballonet_exporter.application import Application
from ballonet_exporter.collector import GuestCollector, HostCollector, Scraper
from herd import herd
from pages import fleet, menagerie, report, six
from served_pages import front, served
from worlds import NOW, host

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESK, PHONE = (1180, 780), (360, 740)
CYCLES = {"6": six(), "500": [report(fleet(500))], "every-kind": [menagerie()], "no": []}
HEIGHTS = {"6": 838, "500": 780}
"""Pixels of the images: all of six guests, and what a window shows of 500."""
SLOW = "?refresh=3600"
"""A page that still refreshes itself, but not while it is judged."""
LUMINANCE = """
() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3)
        .reduce((sum, each) => sum + Number(each), 0) / 3
"""
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@contextmanager
def opened(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = DESK,
    scheme: Scheme = "light",
    obeys: bool = True,
) -> Iterator[Page]:
    """Open a page in a window of its own; ``obeys=False`` lets it do what its headers forbid."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, bypass_csp=not obeys
    )
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, by rule, with the first element that is meant."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations', 'incomplete']})")
    assert found["passes"], "axe has judged nothing"
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("cycles", ["6", "500"])
def test_pages_are_drawn_light_and_dark(browser: Browser, cycles: str, scheme: Scheme) -> None:
    size = (DESK[0], HEIGHTS[cycles])
    with (
        served({"/": front(*CYCLES[cycles])}) as address,
        opened(browser, address, size=size, scheme=scheme) as page,
    ):
        image = page.screenshot()
        brightness = page.evaluate(LUMINANCE)

        assert (brightness > 200) is (scheme == "light")
        assert page.locator("section[aria-labelledby=guests] tbody tr").count() == int(cycles)
        if os.environ.get("WRITE_GOLDEN"):
            (IMAGES / f"page-{cycles}-{scheme}.png").write_bytes(image)
    assert (IMAGES / f"page-{cycles}-{scheme}.png").stat().st_size < 150 * 1024


@pytest.mark.parametrize("size", [PHONE, DESK, (2560, 1440)], ids=["phone", "desk", "wall"])
@pytest.mark.parametrize("cycles", CYCLES)
def test_no_window_has_to_be_scrolled_sideways(browser: Browser, cycles: str, size: tuple[int, int]) -> None:
    with served({"/": front(*CYCLES[cycles])}) as address, opened(browser, address, size=size) as page:
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")

        assert widths == [size[0], size[0]]
        assert page.locator("h1").bounding_box() is not None


@pytest.mark.parametrize(("size", "cards"), [(PHONE, True), (DESK, False)], ids=["phone", "desk"])
def test_a_phone_shows_a_card_for_each_guest_with_its_headings(
    browser: Browser,
    size: tuple[int, int],
    cards: bool,  # noqa: FBT001
) -> None:
    with served({"/": front(*six())}) as address, opened(browser, address, size=size) as page:
        cell = page.locator("section[aria-labelledby=guests] tbody tr").first.locator("td").nth(1)
        heading = cell.evaluate("cell => getComputedStyle(cell, '::before').content")

        assert (heading != "none") is cards
        assert (page.locator("thead").first.bounding_box() or {"width": 0})["width"] > 1 or cards


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("cycles", ["6", "every-kind", "no"])
def test_axe_finds_nothing_wrong(
    browser: Browser, cycles: str, size: tuple[int, int], scheme: Scheme
) -> None:
    with (
        served({"/": front(*CYCLES[cycles])}) as address,
        opened(browser, f"{address}{SLOW}", size=size, scheme=scheme) as page,
    ):
        assert violations(page) == []


def test_axe_finds_nothing_wrong_with_500_guests(browser: Browser) -> None:
    with served({"/": front(*CYCLES["500"])}) as address, opened(browser, f"{address}{SLOW}") as page:
        assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_wrong_with_the_exporters_page(browser: Browser, scheme: Scheme) -> None:
    survey = Survey(
        guests=herd(), hypervisor="QEMU", hypervisor_version="7", libvirt_version="9", host_name="kvm-1"
    )
    scraper = Scraper([GuestCollector(lambda _: survey, clock=lambda: NOW), HostCollector(host)])
    application = Application(scraper, deadline=3.0, timeout_offset=0.5, clock=lambda: NOW + 5)
    with (
        served(application.routes("/metrics")) as address,
        opened(browser, f"{address}{SLOW}", size=PHONE, scheme=scheme) as page,
    ):
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_axe_would_find_something(browser: Browser) -> None:
    with served({"/": front(*six())}) as address, opened(browser, f"{address}{SLOW}") as page:
        page.evaluate("document.documentElement.removeAttribute('lang')")

        assert [each.partition(":")[0] for each in violations(page)] == ["html-has-lang"]


def test_the_style_is_allowed_by_its_own_policy_and_nothing_else_is_loaded(browser: Browser) -> None:
    with served({"/": front(*six())}) as address:
        context = browser.new_context()
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))

        page.goto(address)

        assert page.evaluate("getComputedStyle(document.querySelector('svg.bar')).display") == "block"
        # A browser asks for an icon by itself, which has no part in the page.
        assert [url for url in asked if not url.endswith("/favicon.ico")] == [address]
        assert [text for text in said if "Content Security Policy" in text] == []
        context.close()


def test_the_page_refreshes_itself_and_can_be_stopped(browser: Browser) -> None:
    with served({"/": front(*six())}) as address, opened(browser, f"{address}?refresh=1") as page:
        page.wait_for_event("load", timeout=20_000)

        page.get_by_role("link", name="Stop refreshing").click()

        page.wait_for_url("**/?refresh=0")
        assert "does not refresh itself" in page.inner_text("header")

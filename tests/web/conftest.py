"""A real browser without a window: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each opens windows of its own in it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")  # The latter is Ubuntu's name.
    assert program is not None, "chromium is not installed: run `make setup`"
    with sync_playwright() as playwright:
        # Its sandbox does not start for root, as whom CI runs; these pages are our own and load nothing.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()

"""A guest's name and a policy's text that would be a program, on pages of real programs in a real browser.

libvirt's test driver names guests whatever its file says; the names come through libvirt as any other do.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Dialog, Page

from running_agent import running_agent
from running_exporter import running_exporter

IMAGE = "<img src=x onerror=\"window.harmed='image'\">"
SCRIPT = "<script>window.harmed='script'</script>"
QUOTE = '" onmouseover="window.harmed=\'quote\'" x="'
NAMES = ("<svg onload=\"window.harmed='svg'\">", IMAGE, QUOTE)

DRIVER = """<node>
<domain type='test'><name>{}</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1930</uuid><memory>1048576</memory>
<os><type>hvm</type></os></domain>
<domain type='test'><name>{}</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1931</uuid><memory>1048576</memory>
<os><type>hvm</type></os></domain>
<domain type='test'><name>{}</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1932</uuid><memory>1048576</memory>
<os><type>hvm</type></os></domain>
</node>
"""
POLICY = """apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {{name: {}}}
spec: {{{}}}
"""


class Harm(NamedTuple):
    """What a page tried."""

    dialogs: list[str]
    requests: list[str]


@pytest.fixture
def uri(tmp_path: Path) -> str:
    file = tmp_path / "node.xml"
    file.write_text(DRIVER.format(*(escape(name) for name in NAMES)))
    return f"test://{file}"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    directory = tmp_path / "policies"
    directory.mkdir()
    (directory / "all.yaml").write_text(POLICY.format("all", ""))
    (directory / f"{IMAGE}.yaml").write_text(POLICY.format("bad", f'"{SCRIPT}": 1'))
    return directory


@pytest.fixture(params=["obeys", "does not obey"])
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Harm]]:
    """A window that obeys the page's security policy, and one that does not: escaping alone must do."""
    context = browser.new_context(bypass_csp=request.param != "obeys")
    page, harm = context.new_page(), Harm([], [])

    def dismiss(dialog: Dialog) -> None:
        harm.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda asked: harm.requests.append(asked.url))
    yield page, harm
    context.close()


def look(page: Page, harm: Harm, address: str) -> list[str]:
    """Open a page, point at every guest, and return their names as a reader sees them."""
    page.goto(f"{address}?refresh=0")
    rows = page.locator("section[aria-labelledby=guests] tbody th")
    for row in rows.all():
        row.hover()
    assert page.evaluate("window.harmed") is None
    assert page.locator("img, script, [onmouseover], [onload], [onerror]").count() == 0
    assert [url for url in harm.requests if not url.endswith("/favicon.ico")] == [f"{address}?refresh=0"]
    assert harm.dialogs == []
    return sorted(page.locator("section[aria-labelledby=guests] tbody th bdi").all_inner_texts())


def test_the_agent_shows_hostile_names_and_policies_as_text(
    window: tuple[Page, Harm], uri: str, policies: Path, tmp_path: Path
) -> None:
    page, harm = window
    with running_agent(tmp_path, uri, policies) as agent:
        agent.run_cycles(1)

        assert look(page, harm, f"http://{agent.address}/") == sorted(NAMES)
        refused = page.inner_text("section[aria-labelledby=refused]")
        assert f"{IMAGE}.yaml" in refused
        assert SCRIPT in refused


def test_the_exporter_shows_hostile_names_as_text(window: tuple[Page, Harm], uri: str) -> None:
    page, harm = window
    with running_exporter(uri) as exporter:
        assert look(page, harm, f"{exporter.url}/") == sorted(NAMES)


def test_a_page_that_does_not_escape_would_be_noticed(window: tuple[Page, Harm]) -> None:
    page, _ = window

    page.set_content(f"<p>{IMAGE}</p>")
    page.wait_for_load_state("networkidle")

    assert page.evaluate("window.harmed") == "image"

"""The agent's page, made from reports of real plans; ``tests/web`` looks at it in a browser."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

import golden
from ballonet.decision import Signals
from ballonet.guest import State
from ballonet.policy import Action, Mode
from ballonet.quantity import GIB, MIB
from ballonet.web.message import Request
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.alerts.matching import Use
from ballonet_operator.board import Board
from ballonet_operator.health import Verdict
from ballonet_operator.page.chronicle import RECENT
from ballonet_operator.page.guest_part import MOST_ROWS
from ballonet_operator.page.overview import facts, overview
from ballonet_operator.report import Report, Result
from ballonet_operator.settings import AgentSettings
from pages import GOOD, fleet, menagerie, rendered, report
from worlds import NOW, guest, policy, view

STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
MARKUP_IN_NAMES = "<script>alert(1)</script>"
LOW: dict[str, Any] = {"available": 300 * MIB, "total": 4 * GIB}
"""A host below its reserve, where guests with memory to spare shrink."""


def guests(page: str) -> list[str]:
    """Return the names of the guests in the order of their rows, with what is wrong with them."""
    section = page.partition('id="guests"')[2].partition("</section>")[0]
    heads = re.findall(r'<th scope="row">(.*?)</th>', section, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", head).split()) for head in heads]


def text(page: str) -> str:
    """Return what a reader sees, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", STYLE.sub("", page))).split())


def lost(number: int = 2) -> Report:
    return replace(
        menagerie(), number=number, at=NOW + 30, view=None, plan=None, outcomes=(), lost="gone <b>"
    )


@pytest.mark.parametrize(
    ("name", "page"),
    [
        pytest.param("page-menagerie.html", lambda: rendered(menagerie()), id="every kind of guest"),
        pytest.param("page-start.html", rendered, id="before the first cycle"),
    ],
)
def test_pages_are_as_they_were_when_somebody_looked(name: str, page: Callable[[], str]) -> None:
    text = STYLE.sub("<style></style>", page())

    golden.check(name, text.replace(version("ballonet"), "0.0.0"))


@pytest.mark.parametrize("count", [0, 1, 500])
def test_pages_are_well_formed(count: int) -> None:
    parser = html5lib.HTMLParser(strict=True)

    document = parser.parse(rendered(report(fleet(count)), menagerie(), lost()))

    assert document.tag.endswith("html")


@given(st.text(min_size=1, max_size=200))
def test_no_name_is_ever_more_than_text(hostile: str) -> None:
    name = f"{hostile}{MARKUP_IN_NAMES}'\"&"
    shown = report(
        view(replace(guest("a", usable=5 * MIB), name=name, namespace=hostile), **LOW),
        policy("all"),
        refused={name: (name, hostile)},
        results={name: Result.REFUSED},
    )
    options = AgentSettings(policies=Path(MARKUP_IN_NAMES))
    verdict = Verdict(good=False, sentence=name)

    page = rendered(shown, replace(shown, plan=None, lost=name), options=options, verdict=verdict)

    document = html5lib.HTMLParser(strict=True).parse(page)
    tags = {element.tag.rpartition("}")[2] for element in document.iter() if isinstance(element.tag, str)}
    assert "script" not in tags
    assert page.count("<style>") == 1
    assert {
        attribute for element in document.iter() for attribute in element.attrib if attribute.startswith("on")
    } == set()
    page.encode()
    assert all(character.isprintable() or character == "\n" for character in page)


def test_guests_in_trouble_come_first_and_say_why() -> None:
    assert guests(rendered(menagerie())) == [
        "web-2 starved: next to nothing usable",
        "hung does not answer",
        "db old statistics",
        "mute no statistics",
        "web-1",
        "[bold]x[/bold]\\x1b[2J\\n\\u202egnp.exe",
        "bare",
        "held",
        "huge",
        "off",
    ]


def test_a_guest_that_libvirt_did_not_move_is_in_trouble() -> None:
    seen = view(guest("a"), guest("b"), **LOW)

    page = rendered(report(seen, results={"b": Result.REFUSED}))

    assert guests(page) == ["b not moved: refused", "a"]
    assert page.count("shrunk to") == 1
    assert "b shrunk" not in text(page)


def test_moves_are_told_with_time_size_and_reason() -> None:
    page = text(rendered(report(view(guest("a"), **LOW)), after=90.0))

    assert (
        "a 13:46:40 UTC, 90 s ago shrunk by 100Mi 1Gi 924Mi all the host's available memory is below" in page
    )
    assert "shrunk to 924Mi (-100Mi), 13:46:40 UTC, 90 s ago , for this reason" in page


def test_the_last_moves_are_kept_and_those_of_guests_that_went_are_not_told_of_others() -> None:
    board = Board()
    for number in range(60):
        moved = replace(guest(f"g{number}"), uuid=f"uuid-{number}")
        board.record(report(view(moved, **LOW)))

    seen = board.snapshot()

    assert [made.guest for made in seen.made] == [f"g{number}" for number in range(59, 59 - RECENT, -1)]
    assert set(seen.last) == {"uuid-59"}


def test_a_lost_libvirt_is_said_above_what_was_last_seen() -> None:
    page = text(rendered(menagerie(), lost(), verdict=Verdict(good=False, sentence="not ready: gone")))

    assert "This is old: libvirt is not reached since. gone <b>" in page
    assert "web-2 starved" in page
    assert "read at 13:46:40 UTC" in page


def test_before_the_first_cycle_there_is_nothing_to_show() -> None:
    page = text(rendered(verdict=Verdict(good=False, sentence="not ready: no cycle was completed yet")))

    assert "not ready: no cycle was completed yet" in page
    assert "No cycle was completed yet, so there is nothing to show of this host." in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(AgentSettings(policies=Path("/p")), "Policies are files in /p.", id="files"),
        pytest.param(
            AgentSettings(node_name="n1"),
            "Policies are objects of Kubernetes; this host is its Node n1.",
            id="Kubernetes",
        ),
        pytest.param(AgentSettings(policies=Path("/p"), dry_run=True), "dry run: nothing is moved", id="dry"),
    ],
)
def test_the_page_says_how_the_agent_was_started(options: AgentSettings, said: str) -> None:
    assert said in text(rendered(menagerie(), options=options))


def test_refused_policies_have_their_reasons() -> None:
    reasons = tuple(f"reason {number}" for number in range(12))

    page = text(rendered(report(view(), refused={"a.yaml": ("no",), "b.yaml": reasons})))

    assert "a.yaml no b.yaml reason 0 reason 1" in page
    assert "reason 9 and 2 more reasons" in page
    assert "Refused policies" not in text(rendered(report(view())))


def test_alerts_that_act_are_listed() -> None:
    uses = (
        Use(policy="all", action=Action.RECLAIM, alertname="HostFull", fingerprint="f1", started="12:00"),
        Use(policy="all", action=Action.GROW, alertname="<b>", fingerprint="f2", guest="web"),
    )
    acting = replace(menagerie(), alerts=Alerting(asked=True, reachable=True, uses=uses))

    page = text(rendered(acting))

    assert "HostFull Reclaim the host all 12:00 f1 <b> Grow web all f2" in page


@pytest.mark.parametrize(
    ("alerting", "said", "unsaid"),
    [
        pytest.param(None, "Guests", "Alerts", id="not configured"),
        pytest.param(Alerting(), "Guests", "Alerts", id="no policy asks"),
        pytest.param(
            Alerting(asked=True, reachable=False, error="refused"),
            "No Alertmanager answers, so no alert acts. refused",
            "HostFull",
            id="silent",
        ),
        pytest.param(
            Alerting(asked=True, reachable=True), "No alert fires", "No Alertmanager answers", id="calm"
        ),
    ],
)
def test_the_page_says_whether_alerts_can_act(alerting: Alerting | None, said: str, unsaid: str) -> None:
    page = text(rendered(replace(menagerie(), alerts=alerting)))

    assert said in page
    assert unsaid not in page


def test_what_observing_policies_would_do_is_said() -> None:
    page = text(rendered(report(view(guest("a"), **LOW), policy(mode=Mode.OBSERVE))))

    assert "the policy only observes; it would be set to 924Mi" in page
    assert "Nothing was moved since the agent started." in page


def test_the_target_of_a_dry_run_is_what_the_guest_has() -> None:
    page = rendered(report(view(guest("a"), **LOW), results={"a": Result.DRY_RUN}))

    assert '<td class="number" data-heading="Target">1Gi</td>' in page
    assert "it would be set to 924Mi" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"available": 50 * MIB}, "Available memory is critical: below 160Mi.", id="critical"),
        pytest.param({"available": 300 * MIB}, "Available memory is below the reserve of 400Mi.", id="low"),
        pytest.param(
            {"available": 0, "budget": 512 * MIB}, "more than the host can give", id="overcommitted"
        ),
        pytest.param(
            {"signals": Signals(reclaim=frozenset({"all"}))}, "Firing alerts are acted on", id="alert"
        ),
    ],
)
def test_what_is_wrong_with_the_host_is_said_in_words(fields: dict[str, Any], said: str) -> None:
    seen = view(guest("a", usable=100 * MIB), **{"total": 4 * GIB, **fields})

    assert said in text(rendered(report(seen)))


def test_the_bar_of_a_guest_says_in_words_what_it_shows() -> None:
    page = rendered(report(view(guest("a", actual=GIB, maximum=2 * GIB, usable=600 * MIB))))

    assert 'aria-label="need ' in page
    assert re.search(r'aria-label="need \S+, has 1Gi, target \S+, maximum 2Gi"', page)
    assert re.search(r'aria-label="guests hold 1Gi of 16Gi, 8Gi is available, grow reserve 983Mi,', page)


def test_a_guest_that_is_off_has_no_bar_and_no_memory_of_the_host() -> None:
    off = guest("a", state=State.SHUT_OFF)

    page = rendered(report(view(off)))

    assert 'data-heading="Bar">shut off</td>' in page
    assert "guests hold 0 of" in page


def test_a_page_of_500_guests_is_smaller_than_half_a_megabyte_and_more_are_counted() -> None:
    page = rendered(report(fleet(MOST_ROWS + 7)))

    assert len(page.encode()) < 512 * 1024
    assert len(guests(page)) == MOST_ROWS
    assert "7 more guests are not shown" in page


@pytest.mark.parametrize(
    ("query", "header", "said"),
    [
        pytest.param(None, "5", "refreshes itself every 5 s", id="usual"),
        pytest.param("0", None, "does not refresh itself", id="stopped"),
        pytest.param("30", "30", "refreshes itself every 30 s", id="slower"),
        pytest.param("99999", "3600", "refreshes itself every 3600 s", id="much slower"),
        pytest.param("-1", "5", "refreshes itself every 5 s", id="less than nothing"),
        pytest.param("1;url=//evil", "5", "refreshes itself every 5 s", id="no number"),
        pytest.param("\u0663", "5", "refreshes itself every 5 s", id="a digit of another script"),
    ],
)
def test_the_page_refreshes_itself_as_often_as_is_asked(
    query: str | None, header: str | None, said: str
) -> None:
    handle = overview(Board().snapshot, lambda: GOOD, facts(AgentSettings(policies=Path("/p"))))

    answer = handle(Request(path="/", query={} if query is None else {"refresh": (query,)}))

    assert dict(answer.headers).get("Refresh") == header
    assert said in answer.body.decode()


def test_the_page_may_load_nothing_run_nothing_and_be_framed_by_nobody() -> None:
    answer = overview(Board().snapshot, lambda: GOOD, facts(AgentSettings(policies=Path("/p"))))(
        Request(path="/")
    )

    headers = dict(answer.headers)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"

"""The exporter's page at ``/``, made from what its collectors say of fixed guests."""

import re
from collections.abc import Callable
from dataclasses import replace

import html5lib

from ballonet.errors import HypervisorUnreachable
from ballonet.guest import Guest, Read
from ballonet.hypervisor import Survey
from ballonet.quantity import GIB, MIB
from ballonet.web.message import Request, Response
from ballonet_exporter.application import Application
from ballonet_exporter.collector import GuestCollector, HostCollector, Scraper
from herd import herd
from worlds import NOW, guest, host, sample


def survey(*guests: Guest) -> Callable[[float], Survey]:
    names = {"hypervisor": "QEMU", "hypervisor_version": "7", "libvirt_version": "9", "host_name": "kvm-1"}
    return lambda _: Survey(guests=guests, **names)


def answer(
    read: Callable[[float], Survey],
    *,
    selects: Callable[[str], bool] = lambda _: True,
    query: str | None = None,
) -> Response:
    guests = GuestCollector(read, selects=selects, clock=lambda: NOW)
    hosts = HostCollector(lambda: host(available=4 * GIB, total=16 * GIB))
    application = Application(
        Scraper([guests, hosts]), deadline=3.0, timeout_offset=0.5, clock=lambda: NOW + 5
    )
    asked = {} if query is None else {"refresh": (query,)}
    return application.routes("/metrics")["/"](Request(path="/", query=asked))


def page(*guests: Guest) -> str:
    return answer(survey(*guests)).body.decode()


def rows(text: str) -> list[list[str]]:
    """Return the words of each row's cells."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells]


def test_a_guest_has_its_sizes_and_the_age_of_its_statistics() -> None:
    one = guest(
        "web", actual=GIB, maximum=2 * GIB, resident=900 * MIB, sample=sample(usable=600 * MIB, total=GIB)
    )

    text = page(one)

    assert rows(text) == [
        ["web", "", "1Gi", "2Gi", "600Mi", "900Mi", "running", "ok", "13:46:40 UTC, 5 s ago"]
    ]
    assert 'aria-label="has 1Gi, usable 600Mi, maximum 2Gi"' in text
    assert 'aria-label="guests hold 900Mi of 16Gi, 4Gi is available"' in text


def test_what_is_old_or_missing_is_said_in_words() -> None:
    text = page(*herd())

    found = {row[0]: row[1:] for row in rows(text)}
    assert found["db"][-1].endswith("old")
    assert found["mute"][-1] == "never reported"
    assert found["hung"][-2] == "busy"
    assert found["off"][4:] == ["-", "shut off", "ok", "-"]
    assert found["db"][3] == "-"


def test_guests_that_could_not_be_read_come_first() -> None:
    late = guest("z", read=Read.DEADLINE)
    text = page(guest("a"), late, guest("b"))

    assert [row[0] for row in rows(text)] == ["z", "a", "b"]


def test_names_are_text() -> None:
    hostile = "<script>alert(1)</script>'\"&\n\u202e"

    text = page(replace(guest("a"), name=hostile))

    html5lib.HTMLParser(strict=True).parse(text)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#x27;&quot;&amp;\\n\\u202e" in text


def test_guests_that_flags_leave_out_are_not_shown() -> None:
    shown = answer(survey(guest("a"), guest("b")), selects=lambda name: name == "a").body.decode()

    assert [row[0] for row in rows(shown)] == ["a"]


def test_a_silent_libvirt_is_said_and_the_host_is_shown_all_the_same() -> None:
    def lost(_: float) -> Survey:
        raise HypervisorUnreachable("gone")

    text = answer(lost).body.decode()

    assert "libvirt does not answer" in text
    assert "No guest was read." in text
    assert "4Gi is available" in text


def test_more_guests_than_a_page_holds_are_counted() -> None:
    text = page(*(guest(f"g{number:03}") for number in range(503)))

    assert len(rows(text)) == 500
    assert "3 more guests are not shown." in text
    assert len(text) < 512 * 1024


def test_the_page_refreshes_itself_where_it_is_not_told_otherwise() -> None:
    assert dict(answer(survey()).headers)["Refresh"] == "10"
    assert "Refresh" not in dict(answer(survey(), query="0").headers)

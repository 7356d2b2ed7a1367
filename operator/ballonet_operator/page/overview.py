"""The handler of the page: everything about this host in one document, made when it is asked for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from ballonet.web.document import Document, interval, respond
from ballonet.web.landing import Link, link_list
from ballonet.web.markup import Markup, Template, joined
from ballonet.web.message import Handler, Request, Response
from ballonet.web.moments import moment
from ballonet_operator.board import Snapshot
from ballonet_operator.health import Verdict
from ballonet_operator.page.alert_part import alert_part
from ballonet_operator.page.guest_part import bounded, guest_part
from ballonet_operator.page.host_part import host_part
from ballonet_operator.page.moves_part import moves_part
from ballonet_operator.page.policy_part import policy_part, refused_part
from ballonet_operator.pages import links
from ballonet_operator.report import Report
from ballonet_operator.settings import AgentSettings

EVERY: Final = 5
"""Seconds from one refresh to the next, about two cycles."""

_ABOUT: Final = Template("<p>Ballonet agent {version}{dry}, {uri}: {state}</p><p>{cycle}</p>")
_GOOD: Final = Template("<span>{}</span>")
_BAD: Final = Template('<span class="bad">{}</span>')
_CYCLE: Final = Template("What is shown was read at {moment}; the cycle took {duration} s.")
_OLD: Final = Template('<p><span class="bad">This is old: libvirt is not reached since. {reason}</span></p>')
_FOOT: Final = Template("<p>Ballonet {}. All times are UTC.</p>")
_YET: Final = Template("<p>No cycle was completed yet, so there is nothing to show of this host.</p>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What does not change while the agent runs.

    Attributes:
        source: a sentence that says where policies come from.
    """

    uri: str
    source: str
    dry_run: bool
    links: Sequence[Link]


def facts(options: AgentSettings) -> Facts:
    """Return the facts that the flags tell."""
    if options.node_name is not None:
        source = f"Policies are objects of Kubernetes; this host is its Node {options.node_name}."
    else:
        source = f"Policies are files in {options.policies}."
    return Facts(
        uri=options.libvirt.uri,
        source=source,
        dry_run=options.dry_run,
        links=links(options.web.telemetry_path),
    )


def overview(
    snapshot: Callable[[], Snapshot],
    ready: Callable[[], Verdict],
    known: Facts,
    clock: Callable[[], float] = time.time,
) -> Handler:
    """Return the handler."""

    def handle(request: Request) -> Response:
        return respond(document(snapshot(), ready(), known, now=clock(), refresh=interval(request, EVERY)))

    return handle


def document(seen: Snapshot, verdict: Verdict, known: Facts, *, now: float, refresh: int) -> Document:
    """Return the document; where the last cycle was cut short, of the last one that was not."""
    report = seen.report
    shown = report if report is not None and report.plan is not None else seen.complete
    name = shown.view.host.name if shown is not None and shown.view is not None else "this host"
    return Document(
        title=f"{name} - Ballonet",
        heading=name,
        about=_about(shown, verdict, known, now),
        main=joined([*_parts(shown, report, seen, known, now), link_list(known.links)]),
        foot=_FOOT(version("ballonet")),
        refresh=refresh,
    )


def _about(shown: Report | None, verdict: Verdict, known: Facts, now: float) -> Markup:
    return _ABOUT(
        version=version("ballonet"),
        dry=", dry run: nothing is moved" if known.dry_run else "",
        uri=bounded(known.uri),
        state=(_GOOD if verdict.good else _BAD)(verdict.sentence),
        cycle=_CYCLE(moment=moment(shown.at, now), duration=f"{shown.duration:.3f}") if shown else "",
    )


def _parts(
    shown: Report | None, report: Report | None, seen: Snapshot, known: Facts, now: float
) -> list[Markup]:
    refused = refused_part(report.page.refused if report is not None else {})
    if shown is None or shown.plan is None or shown.view is None:
        return [_YET(), refused]
    old = [_OLD(reason=report.lost)] if report is not None and report is not shown else []
    return [
        *old,
        host_part(shown.view.host, shown.plan, shown),
        alert_part(report.alerts if report is not None else None),
        guest_part(shown, seen.last, now),
        moves_part(seen.made, now),
        refused,
        policy_part(shown, known.source),
    ]

"""The frame of every page: head, style, security headers, refreshing.

A page is one document. It loads nothing from anywhere, runs no script, may not be framed, and is never kept
by a cache. It refreshes itself by a header of the answer rather than by an element, with a link that stops
it: what moves by itself must be possible to stop (https://www.w3.org/TR/WCAG22/#timing-adjustable).
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ballonet.web.markup import NOTHING, Markup, Template
from ballonet.web.message import HTML, Request, Response

_STYLE: Final = Path(__file__).with_name("style.css")
_LONGEST: Final = 3600  # Seconds; who wants a page to refresh less often than hourly wants it not to.
_FRAME: Final = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{heading}</h1>
{about}
</header>
<main>
{main}
</main>
<footer>
{foot}
</footer>
</body>
</html>
"""
)
_REFRESHING: Final = Template(
    '<p>This page refreshes itself every {seconds} s. <a href="?refresh=0">Stop refreshing</a></p>'
)
_STILL: Final = Template('<p>This page does not refresh itself. <a href="?">Refresh it again</a></p>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a page says.

    Attributes:
        title: of the window.
        about: below the heading, still in the header.
        refresh: seconds; 0 for never, None for a page that has nothing that changes.
    """

    title: str
    heading: str
    about: Markup
    main: Markup
    foot: Markup = NOTHING
    refresh: int | None = None


def respond(document: Document) -> Response:
    """Return the answer that holds the document."""
    style, policy = _style()
    page = _FRAME(
        title=document.title,
        style=style,
        heading=document.heading,
        about=Markup(document.about + _said(document.refresh)),
        main=document.main,
        foot=document.foot,
    )
    headers = dict(_headers(policy))
    if document.refresh:
        headers["Refresh"] = str(document.refresh)
    return Response(body=page.encode(), content_type=HTML, headers=tuple(headers.items()))


def interval(request: Request, usual: int) -> int:
    """Return the seconds after which the page is to refresh itself: ``?refresh=0`` for never."""
    wanted = request.query.get("refresh", ("",))[0]
    return min(int(wanted), _LONGEST) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else usual


def _said(refresh: int | None) -> Markup:
    if refresh is None:
        return NOTHING
    return _REFRESHING(seconds=refresh) if refresh else _STILL()


@cache
def _style() -> tuple[Markup, str]:
    """Return the style, and the policy that allows it and nothing else. Read when it is first needed."""
    text = _STYLE.read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(text), f"{policy}; frame-ancestors 'none'"


def _headers(policy: str) -> Mapping[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",  # For browsers that do not know frame-ancestors.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }

"""The page at ``/``: says what this is and where the rest is, below what a program adds. It loads nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ballonet.web.document import Document, interval, respond
from ballonet.web.markup import Markup, Template, joined
from ballonet.web.message import Handler, Request, Response

_LINK: Final = Template('<div><dt><a href="{path}">{path}</a></dt><dd>{meaning}</dd></div>')
_LINKS: Final = Template(
    '<section aria-labelledby="links"><h2 id="links">More</h2><dl class="links">{links}</dl></section>'
)
_LINE: Final = Template("<p>{}</p>")
_EVERY: Final = 10  # Seconds from one refresh to the next of a page whose parts cost a reading of libvirt.


@dataclass(frozen=True, slots=True)
class Link:
    """A path on this server and what is there."""

    path: str
    meaning: str


def page(
    title: str,
    description: str,
    version: str,
    links: Iterable[Link],
    parts: Callable[[], Markup] | None = None,
) -> Handler:
    """Return the handler of a landing page. All texts are escaped, links included.

    ``parts`` makes what stands above the links, anew for every request; with it the page refreshes itself.
    """
    ways, about, foot = link_list(links), _LINE(description), _LINE(version)

    def landing(request: Request) -> Response:
        document = Document(
            title=title,
            heading=title,
            about=about,
            main=joined([parts(), ways]) if parts is not None else ways,
            foot=foot,
            refresh=interval(request, _EVERY) if parts is not None else None,
        )
        return respond(document)

    return landing


def link_list(links: Iterable[Link]) -> Markup:
    """Return where the rest is."""
    return _LINKS(links=joined(_LINK(path=link.path, meaning=link.meaning) for link in links))

"""The page at ``/``: says what this is and where the rest is. It loads nothing from anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from ballonet.web.message import HTML, Handler, Request, Response

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 sans-serif; max-width: 45rem; margin: 3rem auto; padding: 0 1rem; color: #222; }}
h1 {{ font-size: 1.4rem; }} dt {{ font-weight: bold; }} dd {{ margin: 0 0 .6rem; }} footer {{ color: #666; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #1b1b1b; color: #ddd; }} a {{ color: #8cb4ff; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{description}</p>
<dl>
{links}
</dl>
<footer>{version}</footer>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A path on this server and what is there."""

    path: str
    meaning: str


def page(title: str, description: str, version: str, links: Iterable[Link]) -> Handler:
    """Return the handler of a landing page. All texts are escaped, links included."""
    items = "\n".join(
        f'<dt><a href="{escape(link.path)}">{escape(link.path)}</a></dt><dd>{escape(link.meaning)}</dd>'
        for link in links
    )
    body = _PAGE.format(
        title=escape(title), description=escape(description), version=escape(version), links=items
    ).encode("utf-8", "backslashreplace")

    def landing(_: Request) -> Response:
        return Response(body=body, content_type=HTML)

    return landing

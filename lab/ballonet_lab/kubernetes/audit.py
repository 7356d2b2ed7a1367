"""What was asked of the API server: its audit log, read. Metadata only, no bodies are in it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_ACCOUNT: Final = "system:serviceaccount:ballonet:"
_NODE: Final = "authentication.kubernetes.io/node-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that was answered, or a watch that has begun.

    Attributes:
        verb: such as get, list, watch, create, update, patch, delete, deletecollection.
        resource: the plural; empty where the path names none, as that of /version.
        subresource: such as status; empty where the object itself was meant.
        name: of the object; empty for lists and watches of many.
        namespace: of the object; empty where it has none.
        code: of the answer.
        user: who asked.
        node: the node that the asker's token is bound to; empty where it is bound to none.
        agent: how the program names itself.
        uri: all that was asked for.
        at: when the request was received.
    """

    verb: str
    resource: str
    subresource: str
    name: str
    namespace: str
    code: int
    user: str
    node: str
    agent: str
    uri: str
    at: datetime


def read_requests(
    lines: Iterable[str], user: str | None = None, since: datetime | None = None
) -> list[Request]:
    """Return the requests of an audit log in the order in which they were answered.

    Args:
        lines: of the log; one that is not whole, since it is just being written or the server was killed
            over it, is left out.
        user: only what this user asked; the account alone is enough for one of Ballonet's namespace.
        since: only what was received at that time or later.
    """
    wanted = {user, f"{_ACCOUNT}{user}"}
    return [
        request
        for request in map(_request, _once(lines))
        if (user is None or request.user in wanted) and (since is None or request.at >= since)
    ]


def _once(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield one event of each request: a watch has one when it begins and one when it ends."""
    seen: set[str] = set()
    for line in lines:
        with suppress(json.JSONDecodeError):
            event: dict[str, Any] = json.loads(line)
            if event["auditID"] not in seen:
                seen.add(event["auditID"])
                yield event


def _request(event: dict[str, Any]) -> Request:
    target, user = event.get("objectRef", {}), event.get("user", {})
    return Request(
        verb=event["verb"],
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        name=target.get("name", ""),
        namespace=target.get("namespace", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        user=user.get("username", ""),
        node=next(iter(user.get("extra", {}).get(_NODE, [])), ""),
        agent=event.get("userAgent", ""),
        uri=event.get("requestURI", ""),
        at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
    )

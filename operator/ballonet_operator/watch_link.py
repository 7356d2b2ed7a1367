"""The connections of a watch to the API server: who asks, and whether there is an answer.

The credentials are read anew for every request, because the token of a service account is replaced every
hour. What happens to requests is observed here because kopf tells nobody but its log.
"""

import json
import logging
import ssl
import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Final

import aiohttp
from yarl import URL

from ballonet.api_kinds import Kind
from ballonet.apiserver import ApiServer

log = logging.getLogger(__name__)

AWAY: Final = "unreachable"
_OURS: Final = "ballonet.dev"
_UNSERVED: Final = "the API server does not have it"
_INSTALL: Final = ": install Ballonet's CustomResourceDefinitions"
_LONGEST: Final = 500
"""Characters of what a server says that go to the log."""
_GOOD: Final = range(200, 300)
_TOO_MANY: Final = 429
_SERVERS_FAULT: Final = 500
"""Statuses of a server that starts, ends or is busy: it may as well be away."""
_PATIENCE: Final = 60.0
"""Seconds that a lost watch may take to come back before another cause is worth a line: a server that starts
refuses at first what it allows later."""


class WatchLink:
    """What is known of the watches of some kinds; thread-safe."""

    def __init__(self, server: ApiServer, kinds: Sequence[Kind]) -> None:
        self._server = server
        self._kinds = {kind.path(): kind for kind in kinds}
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self._asked: dict[str, float] = {}  # When something was last heard of a kind since kopf began.
        self._reading = 0  # Requests under way that are no watches.
        self._cause = ""
        self._settled = False
        self._failed_at = self._said_at = time.monotonic()

    def connected(self) -> bool:
        """Whether the last request of every watch was answered."""
        with self._lock:
            return self._open == self._kinds.keys()

    def unserved(self, patience: float) -> bool:
        """Whether, and say that, all went well for ``patience`` seconds but some kinds were not asked for."""
        with self._lock:
            if self._reading or time.monotonic() - self._failed_at < patience:
                return False
            missing = [kind for path, kind in self._kinds.items() if path not in self._asked]
        if missing:
            hint = _INSTALL if all(kind.group == _OURS for kind in missing) else ""
            names = ", ".join(sorted(kind.plural for kind in missing))
            self.lost(f"{names}: {_UNSERVED}{hint}", cause="unserved")
        return bool(missing)

    def forgotten(self, patience: float) -> bool:
        """Whether nothing was heard for ``patience`` seconds of a kind that is not open."""
        with self._lock:
            limit = time.monotonic() - patience
            return any(at < limit for path, at in self._asked.items() if path not in self._open)

    def begin(self) -> None:
        """Forget which watches were open: all of them begin anew."""
        with self._lock:
            self._open.clear()
            self._asked.clear()
            self._reading = 0
            self._failed_at = time.monotonic()

    def answered(self, path: str, *, watching: bool, status: int, message: str = "") -> None:
        """Take note of an answer; a watch counts from its first byte."""
        if path in self._kinds:
            with self._lock:
                self._asked[path] = time.monotonic()
        if status not in _GOOD:
            busy = status == _TOO_MANY or status >= _SERVERS_FAULT
            problem = f"{path}: HTTP status {status}" + (f": {message}" if message else "")
            self.lost(problem, cause=AWAY if busy else str(status), path=path)
        elif path in self._kinds and watching:
            self._opened(path)

    def _opened(self, path: str) -> None:
        with self._lock:
            self._open.add(path)
            if self._open != self._kinds.keys():
                return
            again, news = self._settled, bool(self._cause) or not self._settled
            self._cause, self._settled = "", True
        if news:
            facts = {"server": self._server.server, "kinds": [kind.plural for kind in self._kinds.values()]}
            log.info("watch is back" if again else "watch is open", extra=facts)

    def lost(self, problem: str, *, cause: str, path: str = "") -> None:
        """Take note of a failure; said once per cause until all watches are open again.

        A failed request, of that ``path``, closes its own watch only: the others may stay open for minutes
        without asking again.
        """
        with self._lock:
            now = self._failed_at = time.monotonic()
            if path in self._asked:
                self._asked[path] = now
            self._open = self._open - {path} if path else set()
            early = self._settled and self._cause and now - self._said_at < _PATIENCE
            settled, news = self._settled, cause != self._cause and not early
            if news:
                self._cause, self._said_at = cause, now
        if news:
            log.error(
                "watch lost, what was last seen stays in force" if settled else "watch not open yet",
                extra={"server": self._server.server, "error": " ".join(problem.split())},
            )

    def session(self) -> aiohttp.ClientSession:
        """Return a session for the requests; to be called in the loop that makes them."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._on_start)
        trace.on_request_end.append(self._on_end)
        trace.on_request_exception.append(self._on_exception)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls()),
            headers={"User-Agent": "ballonet"},
            middlewares=(self._authorized,),
            trace_configs=[trace],
        )

    def _tls(self) -> ssl.SSLContext:
        given = self._server.credentials()
        context = ssl.create_default_context(cafile=given.ca_file)
        if given.certificate_file:
            context.load_cert_chain(given.certificate_file, given.key_file)
        if not given.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def _authorized(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        token = self._server.credentials().token
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return await send(request)

    async def _on_start(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, told: aiohttp.TraceRequestStartParams
    ) -> None:
        self._count(told.url, 1)

    async def _on_end(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, told: aiohttp.TraceRequestEndParams
    ) -> None:
        url, status = told.url, told.response.status
        self._count(url, -1)
        message = "" if status in _GOOD else await _message(told.response)
        self.answered(url.path, watching=_watching(url), status=status, message=message)

    async def _on_exception(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, told: aiohttp.TraceRequestExceptionParams
    ) -> None:
        self._count(told.url, -1)
        # A request that is cancelled says nothing of the server.
        if isinstance(told.exception, Exception):
            problem = str(told.exception) or type(told.exception).__name__
            self.lost(problem, cause=AWAY, path=told.url.path)

    def _count(self, url: URL, change: int) -> None:
        with self._lock:
            self._reading += 0 if _watching(url) else change


def _watching(url: URL) -> bool:
    return "watch" in url.query


async def _message(response: aiohttp.ClientResponse) -> str:
    """Return what the server says is wrong; kopf reads the answer once more, from where this leaves it."""
    try:
        status = json.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return " ".join(str(message or "").split())[:_LONGEST]

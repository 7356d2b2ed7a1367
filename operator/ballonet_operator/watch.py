"""Watches objects of the API server: the only module that imports kopf.

kopf runs in a thread with a loop of its own and is used for nothing but its watches: no finalizers, no
annotations, no events, no peering, no scan for new kinds. It misses deletions while a watch is interrupted,
so whoever subscribes lists all objects once in a while as well.
"""

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, cast

import kopf

from ballonet.api_kinds import Kind
from ballonet.apiserver import PAGE, ApiServer, Json
from ballonet_operator.watch_link import WatchLink

log = logging.getLogger(__name__)

_SERVER_ENDS: Final = 300
"""Seconds until the server ends a watch in good order; well below the hour of a token."""
_CLIENT_ENDS: Final = 310
_SILENT: Final = 85.0
"""Seconds without a word until a watch is opened anew. The server sends a bookmark every 60 to 75 s, so one
that hangs is noticed within 90 s."""
_CONNECT: Final = 5.0
_ANSWER: Final = 60.0
"""Seconds that a list or the discovery of kinds may take."""
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_GRACE: Final = 10.0
"""Seconds from the start of kopf until it should watch everything that the server has."""
_FORGOTTEN: Final = _ANSWER + 2 * _LONGEST_PAUSE
"""Seconds without an attempt to open a watch again, after which kopf will not make one."""
_GLANCE: Final = 1.0
"""Seconds between two looks at whether kopf does what it should."""
_IDLE: Final = 0.1
_ENDING: Final = 2.0
_PATIENCE: Final = 0.5
"""Seconds for kopf to end in good order."""
_GOODBYE: Final = 0.1
_IDENTITY: Final = cast("Any", "ballonet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What to watch and whom to tell; both are called in the watch's thread and must be quick.

    Attributes:
        seen: called with each object, at the start with all that exist; an object may come again and again.
        gone: called with the last state of an object that was deleted.
    """

    kind: Kind
    seen: Callable[[Json], None]
    gone: Callable[[Json], None]
    field_selector: str = ""


class Pauses:
    """Ever longer pauses between attempts, each of them jittered, up to a limit."""

    def __iter__(self) -> Iterator[float]:
        """Yield without end."""
        pause = _FIRST_PAUSE
        while True:
            yield pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing.
            pause = min(2 * pause, _LONGEST_PAUSE)


class Watch:
    """Some watches over one API server, from ``start`` to ``stop``; an absent server is waited for."""

    def __init__(self, server: ApiServer, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = tuple(subscriptions)
        self._link = WatchLink(server, [each.kind for each in subscriptions])
        self._server = server
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._end: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        _hush_kopf()
        self._thread.start()

    def stop(self, timeout: float = _ENDING) -> None:
        """End the watches; a thread that does not end in time is left behind, it ends with the process."""
        with self._lock:
            self._stop.set()
            self._end()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether somebody sees to the watches, connected or not."""
        return self._thread.is_alive()

    def connected(self) -> bool:
        """Whether all watches are open."""
        return self._link.connected()

    def _work(self) -> None:
        """Run kopf, again and again; it ends by itself when the server refuses it something."""
        for pause in Pauses():
            self._link.begin()
            asyncio.run(self._watch())
            if self._stop.wait(pause):
                return

    async def _watch(self) -> None:
        """Watch until told to stop, or until kopf cannot go on."""
        end, loop = asyncio.Event(), asyncio.get_running_loop()
        with self._lock:
            if self._stop.is_set():
                return
            self._end = lambda: loop.call_soon_threadsafe(end.set)
        # kopf ends all tasks but those that were there before it.
        told = asyncio.create_task(end.wait())
        task = asyncio.create_task(self._kopf(end))
        while not (task.done() or told.done()):
            await asyncio.wait({task, told}, timeout=_GLANCE, return_when=asyncio.FIRST_COMPLETED)
            if self._link.unserved(_GRACE) or self._link.forgotten(_FORGOTTEN):
                end.set()
        with self._lock:
            self._end = lambda: None
        await self._conclude(task)

    async def _conclude(self, task: "asyncio.Task[None]") -> None:
        """Wait for the end of kopf, and hasten it where kopf would wait for requests without an answer."""
        await asyncio.wait({task}, timeout=_PATIENCE)
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_PATIENCE)
        # aiohttp says goodbye on TLS connections after it has closed them.
        await asyncio.sleep(_GOODBYE)
        self._note(task)

    async def _kopf(self, end: asyncio.Event) -> None:
        """Run kopf, and tell it to end when a part of it has: it may wait for the others for ever."""
        others = asyncio.all_tasks()
        parts = await kopf.spawn_tasks(
            registry=self._registry(),
            settings=self._settings(),
            standalone=True,
            clusterwide=True,
            # Nobody asks for it without peering. Left to itself kopf would look for the user's name, which a
            # number that a container runs as need not have, and for the machine's, in the DNS.
            identity=_IDENTITY,
            stop_flag=end,
        )
        for part in parts:
            part.add_done_callback(self._note)
            part.add_done_callback(lambda _: end.set())
        await kopf.run_tasks(parts, ignored=others)

    def _note(self, task: "asyncio.Task[None]") -> None:
        """Say what a task ended of; answers of the server are said already."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not hasattr(error, "status"):
            self._link.lost(str(error) or type(error).__name__, cause=type(error).__name__)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(_login(self._server.server, self._link))
        for each in self._subscriptions:
            kopf.on.event(each.kind.group, each.kind.version, each.kind.plural, registry=registry)(
                _handler(each)
            )
        return registry

    def _settings(self) -> kopf.OperatorSettings:
        settings = kopf.OperatorSettings()
        settings.scanning.disabled = True
        settings.posting.enabled = False
        settings.persistence.diffbase_storage = _NoDifferences()
        # Without this kopf kills the process ten minutes after it had to end by itself.
        settings.process.ultimate_exiting_timeout = None
        settings.networking.connect_timeout = _CONNECT
        settings.networking.request_timeout = _ANSWER
        settings.networking.error_backoffs = Pauses()
        settings.watching.server_timeout = _SERVER_ENDS
        settings.watching.client_timeout = _CLIENT_ENDS
        settings.watching.connect_timeout = _CONNECT
        settings.watching.inactivity_timeout = _SILENT
        # A whole list at once would take more memory than all that is kept of it.
        settings.watching.chunk_size = PAGE
        # Until then kopf keeps the last state of every object that it told of.
        settings.queueing.idle_timeout = _IDLE
        for each in self._subscriptions:
            if each.field_selector:
                kind = (each.kind.group, each.kind.version, each.kind.plural)
                settings.watching.field_selectors[kind] = each.field_selector
        return settings


class _NoDifferences(kopf.DiffBaseStorage):
    """Spares kopf a deep copy of every object: nobody here asks it what has changed in one."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence({})

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        """Keep nothing."""


def _handler(subscription: Subscription) -> Callable[..., Any]:
    async def tell(event: kopf.RawEvent, **_: Any) -> None:
        told = subscription.gone if event["type"] == "DELETED" else subscription.seen
        told(dict(event["object"]))

    return tell


def _login(server: str, link: WatchLink) -> Callable[..., Any]:
    """Return what opens a session: once, and whenever the server does not know who asks."""
    pauses: Iterator[float] = chain([0.0], Pauses())

    async def login(**_: Any) -> kopf.AiohttpSession:
        await asyncio.sleep(next(pauses))
        return kopf.AiohttpSession(server=server, aiohttp_session=link.session())

    return login


class _Aside(logging.Handler):
    """What kopf says of every attempt appears with ``--log.level debug``; what matters is said here."""

    def emit(self, record: logging.LogRecord) -> None:
        log.debug("kopf says", extra={"said": record.getMessage()})


def _hush_kopf() -> None:
    """Keep aside what kopf says, and what asyncio says of the tasks that kopf leaves behind."""
    for name in ("kopf", "asyncio"):
        loud = logging.getLogger(name)
        loud.handlers[:] = [_Aside()]
        loud.propagate = False
        loud.setLevel(logging.INFO if log.isEnabledFor(logging.DEBUG) else logging.CRITICAL)

"""Tells Kubernetes what the agent sees: the thread that writes the host's status and Events.

The cycle only hands its report over. The API server may be slow or away for as long as it likes; the newest
status is written once it is back, and what was true in between is not.

Requests: get, create and patch of BalloonHosts, patch of their status, create of Events.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet_operator.node.early_news import turned
from ballonet_operator.node.event_queue import EventQueue
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.host_writer import HostWriter
from ballonet_operator.node.own_node import NodeFacts, OwnNode
from ballonet_operator.node.recent import Recent
from ballonet_operator.node.write_pace import Pace, differs
from ballonet_operator.report import Report

log = logging.getLogger(__name__)

_POLL: Final = 1.0
"""Seconds between two looks for a node, or a first cycle, that is not there yet."""
_PATIENCE: Final = 10.0
"""Seconds after which a node that was not seen is said to be missing."""
_REMEDY: Final = "`kubectl get nodes` lists the names for --node-name"
_FIRST_RETRY: Final = 1.0
_LAST_RETRY: Final = 20.0
"""Seconds; an API server that comes back is not met by all agents at once, and each is heard soon."""
_REREAD: Final = 600.0
"""Seconds between two looks at the object in the cluster, so that one deleted by mistake comes back."""


class HostReporter:
    """Writes one BalloonHost.

    Args:
        interval: seconds from one write to the next while no condition changes.
        connected: whether the node is watched; if not, one that was not seen may well be there.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        server: ApiServer,
        node: OwnNode,
        *,
        interval: float,
        connected: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._node, self._connected = node, connected
        self._clock = clock
        self._writer = HostWriter(server)
        self._events = EventQueue(server)
        self._pace = Pace(interval=interval)
        self._lock = threading.Lock()
        self._recent = Recent()
        self._reread_at = 0.0
        self._failures = 0
        self._absent_since: float | None = None
        self._said_absent = False
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="host-status", daemon=True)

    def record(self, report: Report) -> None:
        """Take note of a cycle; called in its thread, so nothing here waits or looks at policies.

        A cycle that saw the guests and decided nothing, because it does not know the policies yet, has
        nothing to tell.
        """
        if report.plan is None and not report.lost:
            return
        with self._lock:
            first = self._recent.latest is None
            self._recent = recent = self._recent.after(report)
        told = self._events.record(recent)
        if first or told or turned(recent, self._writer.status):
            self._wake.set()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Write what is not written yet, if that can be done at once, and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def counts(self) -> Mapping[str, int]:
        """Return how many requests ended how since the start, and how many Events were left out."""
        return {**self._writer.counts(), **self._events.counts()}

    def _run(self) -> None:
        """Work until told to stop; the target of the thread."""
        while not self._stopping.is_set():
            self._wake.clear()
            wait = self._attempt()
            if self._failures:
                self._stopping.wait(wait)
            elif wait > 0:
                self._wake.wait(wait)
        if not self._failures:
            self._attempt(last=True)

    def _attempt(self, *, last: bool = False) -> float:
        """Do what is due, and return for how long nothing will be."""
        try:
            wait = self._work(last=last)
        except (ApiServerUnreachable, ApiServerRefused) as error:
            return self._failed(error)
        if self._failures:
            log.info("Kubernetes knows of this host again")
            self._failures = 0
        return wait

    def _failed(self, error: Exception) -> float:
        if not self._failures:
            log.warning("Kubernetes cannot be told of this host, trying on", extra={"error": str(error)})
        self._failures += 1
        delay = min(_LAST_RETRY, _FIRST_RETRY * 2.0 ** min(self._failures - 1, 10))
        return delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads agents, keeps no secret.

    def _work(self, *, last: bool) -> float:
        facts = self._node.facts()
        with self._lock:
            recent = self._recent
        if facts is None or recent.latest is None:
            self._note_absence(absent=facts is None and self._connected())
            return _POLL
        self._absent_since, self._said_absent = None, False
        self._meet(facts)
        wait = self._write(facts, recent, last=last)
        self._events.send(facts.name, self._writer.uid)
        return wait

    def _note_absence(self, *, absent: bool) -> None:
        """Say once that there is no node, unless it may only not have been seen yet."""
        now = time.monotonic()
        self._absent_since = (self._absent_since or now) if absent else None
        if absent and not self._said_absent and now - (self._absent_since or now) >= _PATIENCE:
            log.warning(
                "no such node in Kubernetes, so no BalloonHost is written",
                extra={"node": self._node.name, "remedy": _REMEDY},
            )
            self._said_absent = True

    def _meet(self, facts: NodeFacts) -> None:
        """Look at the object in the cluster, at first, when the node is another one, and now and then."""
        now = time.monotonic()
        if self._writer.owner == facts.uid and now < self._reread_at:
            return
        self._writer.meet(facts.name, facts.uid)
        self._reread_at = now + _REREAD * random.uniform(0.8, 1.2)  # noqa: S311 - spreads agents.

    def _write(self, facts: NodeFacts, recent: Recent, *, last: bool) -> float:
        """Write the status if it is time and there is something new; returns the time until the next look."""
        early = turned(recent, self._writer.status)
        wait = self._pace.delay(time.monotonic(), early=early)
        if wait > 0 and not last:
            return wait
        before = self._writer.status
        status = host_status(recent, before or HostStatus(), facts.name, facts.labels, now=self._clock())
        if before is None or differs(status, before):
            self._writer.write(facts.name, facts.uid, status)
            self._pace = self._pace.written(time.monotonic())
        else:
            self._pace = self._pace.looked(time.monotonic())
        return self._pace.delay(time.monotonic(), early=False)

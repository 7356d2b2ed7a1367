"""Leader election by a Lease: one thread that looks, renews or takes over; what to do is decided in claim.py.

The official client has an election of its own (kubernetes.leaderelection), which ends for good once it could
not renew in time, measures on the wall clock, writes the times of the local zone without saying so, and never
releases its lease.
"""

import contextlib
import logging
import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ballonet.api_kinds import LEASES
from ballonet.apiserver import ApiServer, Json
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.controller.claim import (
    LEASE_DURATION,
    Move,
    Sighting,
    decide,
    leads,
    next_look,
    sighted,
    unheld,
)

log = logging.getLogger(__name__)

_CONFLICT: Final = 409
_FIGURES: Final = re.compile(r"[0-9.]+")
"""What differs between two errors that are one problem, such as how long was waited for an answer."""


def unique_identity(host: str) -> str:
    """Return an identity that no other process has, not even the next one of the same pod."""
    return f"{host}_{uuid.uuid4()}"


def steady_clock() -> float:
    """Return seconds that go on while the machine sleeps, for the others' clocks go on as well."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Elector:
    """A candidate for the lease ``namespace/name``.

    Args:
        server: its requests should be given up well within the renew deadline.
        namespace: of the lease; it must exist.
        name: of the lease.
        identity: ours; no other candidate may have it.
        on_change: called with True and False as this candidate begins and ceases to lead, from its thread.
            While a request hangs it is called late; ``leading`` is never late.
        clock: seconds, never set back.
    """

    def __init__(
        self,
        server: ApiServer,
        namespace: str,
        name: str,
        identity: str,
        on_change: Callable[[bool], None],
        *,
        clock: Callable[[], float] = steady_clock,
    ) -> None:
        self._server, self._namespace, self._name = server, namespace, name
        self._identity, self._on_change, self._clock = identity, on_change, clock
        self._stopped = threading.Event()
        self._seen: Sighting | None = None
        self._stale = True
        self._renewed: float | None = None
        self._told = False
        self._began, self._held = clock(), False
        self._problem, self._said = "", set[str]()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Become a candidate."""
        self._thread.start()

    def leading(self) -> bool:
        """Whether this candidate may write now; false in time whatever its thread is doing."""
        return not self._stopped.is_set() and leads(self._renewed, now=self._clock())

    def holder(self) -> str:
        """Return who leads, as last seen; empty where nobody does or nothing was seen."""
        return self._seen.claim.holder if self._seen else ""

    def problem(self) -> str:
        """Return why nobody is known to lead; empty where somebody is, and for a while without anybody."""
        if self.leading() or self._problem:
            return "" if self.leading() else self._problem
        vacant = unheld(self._seen, self._began, now=self._clock())
        return f"nobody has held the lease for {vacant:.0f} s" if vacant > LEASE_DURATION else ""

    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stop(self, timeout: float = 5) -> None:
        """Cease to lead and release the lease, so that another takes it at once.

        Whoever writes as the leader must have stopped before: its last write could otherwise follow the first
        one of its successor.
        """
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._try()
            self._tell()
            chance = random.random()  # noqa: S311 - it spreads requests and guards nothing.
            seen = None if self._stale else self._seen
            self._stopped.wait(next_look(seen, self._identity, now=self._clock(), chance=chance))
        self._tell()
        self._release()

    def _try(self) -> None:
        """Look at the lease and do what is to be done; every trouble is left to the next try."""
        try:
            self._step()
        except (ApiServerRefused, ApiServerUnreachable) as error:
            self._stale = True
            if isinstance(error, ApiServerRefused) and error.code == _CONFLICT:
                # Somebody else wrote the lease in between: the next look tells whether it is still ours.
                self._renewed = None
            else:
                self._complain(self._explained(error))
        else:
            self._recover()

    def _step(self) -> None:
        seen = self._look()
        match decide(seen, self._identity, now=self._clock()):
            case Move.WAIT:
                self._renewed = None
            case Move.ACQUIRE | Move.RENEW:
                self._claim(seen)

    def _look(self) -> Sighting:
        """Return the lease; a leader goes on from what it wrote last, and a conflict tells if that is old."""
        if self._seen is None or self._stale or self._renewed is None:
            lease = self._server.get(LEASES, self._name, namespace=self._namespace)
            self._seen, self._stale = sighted(self._seen, lease, now=self._clock()), False
        return self._seen

    def _claim(self, seen: Sighting) -> None:
        sent, when = self._clock(), _now()
        lease = self._write(seen.lease, seen.claim.taken_by(self._identity, when).spec(when))
        self._tell()  # A lapse is told even where the renewal came through at last.
        self._seen, self._renewed, self._held = Sighting(lease=lease, since=sent), sent, True

    def _write(self, lease: Json | None, spec: Json) -> Json:
        if lease is not None:
            return self._server.replace(LEASES, {**lease, "spec": spec}, namespace=self._namespace)
        metadata = {"name": self._name, "namespace": self._namespace}
        body = {"apiVersion": LEASES.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}
        return self._server.create(LEASES, body, namespace=self._namespace)

    def _release(self) -> None:
        """Give the lease back if it is ours; where that fails it expires."""
        if self._renewed is None:
            return
        with contextlib.suppress(ApiServerRefused, ApiServerUnreachable):
            seen = self._look()
            if seen.lease is not None and seen.claim.holder == self._identity:
                self._write(seen.lease, seen.claim.released().spec(_now()))
                log.info("lease released", extra={"lease": self._name})

    def _tell(self) -> None:
        leading = self.leading()
        if leading == self._told:
            return
        self._told = leading
        facts = {"lease": self._name, "identity": self._identity, "holder": self.holder()}
        log.info("leading" if leading else "not leading any more", extra=facts)
        self._on_change(leading)

    def _explained(self, error: Exception) -> str:
        """Return what an error says, and what to do where that is known."""
        if f'namespaces "{self._namespace}" not found' in str(error):
            # Who is to lead is settled in a namespace that is made with the rest of the installation.
            return (
                f"no namespace {self._namespace}: run kubectl apply -f deploy/kubernetes/, or see --namespace"
            )
        return str(error)

    def _complain(self, problem: str) -> None:
        self._problem, kind = problem, _FIGURES.sub("", problem)
        if kind not in self._said:
            self._said.add(kind)
            what = "lease not renewed" if self._held else "lease not obtained"
            log.warning(what, extra={"lease": self._name, "namespace": self._namespace, "error": problem})

    def _recover(self) -> None:
        if self._problem:
            what = "lease renewed again" if self.leading() else "lease seen again"
            log.info(what, extra={"lease": self._name})
        self._problem = ""
        self._said.clear()


def _now() -> str:
    """Return the time as a Lease writes it, in UTC; people read it, nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""Asks Alertmanager now and then, in a thread of its own, and tells each cycle what acts on its host.

Nothing is asked while no policy in force has rules about alerts. An Alertmanager that is away changes nothing
at first; when none has answered for a time that somebody chose, alerts act no longer, as if they were over.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from ballonet.decision import View
from ballonet.errors import AlertmanagerFailed
from ballonet.policy import AlertRule, Policy
from ballonet_operator.alerts.alert import Alert
from ballonet_operator.alerts.alerting import RESULTS, Alerting
from ballonet_operator.alerts.matching import Matched, concerns, match
from ballonet_operator.alerts.own_names import OwnNames
from ballonet_operator.alerts.questions import Question, questions

log = logging.getLogger(__name__)

_SPREAD: Final = 0.2
"""Of the interval, by which times are moved at random, so that a fleet does not ask at the same moment."""


class Source(Protocol):
    """The part of ``alertmanager.Alertmanager`` that is asked."""

    url: str

    def alerts(self, questions: Iterable[Question]) -> Mapping[str, Alert]:
        """Return the alerts that fire, by fingerprint."""
        ...


class Poller:
    """Asks all Alertmanagers of a pair; what any of them says holds.

    Args:
        interval: seconds from one poll to the next.
        expiry: seconds after which what was said last does not hold any more.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        names: OwnNames,
        *,
        interval: float,
        expiry: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._names = names
        self._interval = interval
        self._expiry = expiry
        self._clock = clock
        self._lock = threading.Lock()
        self._rules: frozenset[AlertRule] = frozenset()
        self._alerts: tuple[Alert, ...] = ()
        self._heard: float | None = None  # By the clock.
        self._succeeded_at = 0.0
        self._answers: dict[str, bool] = {}
        self._polls = Counter(dict.fromkeys(RESULTS, 0))
        self._error = ""
        self._quiet = False
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin to ask, as soon as there are rules."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End; a request that hangs is left behind."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def dead(self) -> tuple[str, ...]:
        """Return the name of its thread where that does not live."""
        return () if self._thread.is_alive() else ("alerts",)

    def look(self, view: View, policies: Sequence[Policy]) -> tuple[Matched, Alerting]:
        """Return what acts on this host by the rules of these policies; never waits for anybody."""
        rules = frozenset(rule for policy in policies for rule in policy.alerts)
        with self._lock:
            if rules != self._rules:
                self._rules = rules
                self._wake.set()
            alerts = self._alerts if self._is_fresh() else ()
        matched = match(alerts, policies, view.guests, self._names())
        return matched, self.standing(matched)

    def standing(self, matched: Matched | None = None) -> Alerting:
        """Return how it goes with Alertmanager, without looking at any guest."""
        with self._lock:
            return Alerting(
                uses=matched.uses if matched is not None else (),
                answers=dict(self._answers),
                succeeded_at=self._succeeded_at,
                polls=dict(self._polls),
                asked=bool(self._rules),
                reachable=self._reachable(),
                error=self._error,
            )

    def _is_fresh(self) -> bool:
        return self._heard is not None and self._clock() - self._heard <= self._expiry

    def _reachable(self) -> bool | None:
        if not self._rules:
            return None
        if self._is_fresh():
            return True
        return None if self._heard is None and not self._error else False

    def _run(self) -> None:
        """Ask until told to stop; the target of the thread."""
        self._names.resolve()
        hurried = True
        while not self._stopping.is_set():
            self._wake.clear()
            with self._lock:
                rules = self._rules
            if not rules:
                self._forget()
                hurried = self._wake.wait()
                continue
            # All agents of a fleet learn of a new policy at once, and may all be started at once: within a
            # fifth of the interval a thousand of them were too many, and most were turned away.
            if hurried and self._stopping.wait(self._interval * random.uniform(0, 1)):  # noqa: S311
                return
            self.poll(rules)
            hurried = self._wake.wait(self._interval * random.uniform(1 - _SPREAD, 1 + _SPREAD))  # noqa: S311

    def _forget(self) -> None:
        with self._lock:
            self._alerts, self._heard, self._error = (), None, ""
            self._answers.clear()
            self._quiet = False

    def poll(self, rules: Iterable[AlertRule]) -> None:
        """Ask every Alertmanager once."""
        asked, found, heard = questions(rules), dict[str, Alert](), False
        for source in self._sources:
            try:
                found.update(source.alerts(asked))
            except AlertmanagerFailed as error:
                self._failed(source.url, error)
            else:
                heard = True
                self._answered(source.url)
        if heard:
            names = self._names()
            self._hear(tuple(alert for alert in found.values() if concerns(alert, names)))
        self._say_quiet()

    def _answered(self, url: str) -> None:
        with self._lock:
            before, self._answers[url] = self._answers.get(url), True
            self._polls["success"] += 1
        if not before:
            log.info("Alertmanager answers", extra={"url": url})

    def _failed(self, url: str, error: AlertmanagerFailed) -> None:
        with self._lock:
            before, self._answers[url] = self._answers.get(url), False
            self._polls[error.cause] += 1
            self._error = f"{url}: {error}"
        if before is not False:
            log.warning("Alertmanager not usable, trying on", extra={"url": url, "error": str(error)})

    def _hear(self, alerts: tuple[Alert, ...]) -> None:
        with self._lock:
            self._alerts, self._heard, self._succeeded_at = alerts, self._clock(), time.time()

    def _say_quiet(self) -> None:
        """Say once that alerts do not act any more, or do again."""
        with self._lock:
            quiet, self._quiet = self._quiet, not self._is_fresh()
            now, error = self._quiet, self._error
        if now and not quiet:
            log.warning("no alert acts any more, Alertmanager is silent", extra={"error": error})
        elif quiet and not now:
            log.info("alerts act again")

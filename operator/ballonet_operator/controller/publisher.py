"""Writes the statuses of policies, and an Event where one is refused; only as the leader, and seldom."""

import logging
from collections.abc import Callable
from typing import Final

from ballonet.api_kinds import EVENTS, POLICIES
from ballonet.apiserver import ApiServer, Json
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet.manifests.v1alpha1 import API_VERSION, KIND
from ballonet.manifests.v1alpha1_status import PolicyStatus, Truth
from ballonet_operator.controller import events
from ballonet_operator.controller.policy_facts import ACCEPTED, PolicyFacts, read_status
from ballonet_operator.controller.publication import Written, due
from ballonet_operator.controller.record import Record
from ballonet_operator.relist import retry_delay

log = logging.getLogger(__name__)

MANAGER: Final = "ballonet-controller"
_GONE: Final = 404
"""The policy was deleted. A status never makes one anew; the watch will tell."""
_CONFLICT: Final = 409
"""A policy that has changed since it was seen, which the watch will tell; an Event that exists already."""


class Publisher:
    """Knows what was written last, so that nothing is written twice.

    Args:
        server: its requests should be given up within seconds.
        identity: who we are, for Events.
        chance: from 0 to 1, by which waiting varies.
    """

    def __init__(
        self, server: ApiServer, record: Record, identity: str, *, chance: Callable[[], float]
    ) -> None:
        self._server, self._record, self._identity, self._chance = server, record, identity, chance
        self._written: dict[str, Written] = {}
        self._refused: dict[str, tuple[int, float]] = {}  # Failures in a row, and when to try again.

    def forget(self, names: set[str]) -> None:
        """Keep nothing of policies other than these."""
        for kept in (self._written, self._refused):
            for name in kept.keys() - names:
                del kept[name]

    def due(self, facts: PolicyFacts, found: PolicyStatus) -> float | None:
        """Return when the status is to be written, by the clock of ``publish``; None where it needs not."""
        when = due(facts.status, found, self._written.get(facts.name))
        if when is None or facts.name not in self._refused:
            return when
        return max(when, self._refused[facts.name][1])

    def publish(self, facts: PolicyFacts, found: PolicyStatus, *, now: float, clock: float) -> Json | None:
        """Write a status; returns the object as it is then, None where it could not be written.

        Args:
            facts: the policy as last seen.
            found: its status as it should be.
            now: seconds since the epoch.
            clock: seconds by a clock that is never set back.

        Raises:
            ApiServerUnreachable: it makes no sense to go on with others now.
            ApiServerRefused: the same, because the server is overloaded or broken.
        """
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": _metadata(facts),
            "status": found.document(),
        }
        try:
            stored = self._server.apply(POLICIES, body, manager=MANAGER, subresource="status")
        except ApiServerRefused as error:
            self._not_written(facts.name, error, clock)
            return None
        self._record.wrote("status", good=True)
        self._refused.pop(facts.name, None)
        self._written[facts.name] = Written(at=clock, sent=found, stored=read_status(stored.get("status")))
        if _newly_refused(facts, found):
            self._tell(facts, now)
        return stored

    def _not_written(self, name: str, error: ApiServerRefused, clock: float) -> None:
        failures = 1 if error.code == _CONFLICT else self._refused.get(name, (0, 0.0))[0] + 1
        if error.code not in (_GONE, _CONFLICT):
            self._record.wrote("status", good=False)
            log.warning("status not written", extra={"policy": name, "error": str(error)})
        self._refused[name] = failures, clock + retry_delay(failures, self._chance())
        if error.code == 429 or error.code >= 500:
            raise error

    def _tell(self, facts: PolicyFacts, now: float) -> None:
        """Make the Event of a refusal; the status says the same, so one that cannot be made is let go."""
        log.warning("policy refused", extra={"policy": facts.name, "error": "; ".join(facts.refused)})
        event = events.refused(facts, self._identity, now=now)
        try:
            self._server.create(EVENTS, event, namespace=events.NAMESPACE)
        except (ApiServerRefused, ApiServerUnreachable) as error:
            if isinstance(error, ApiServerUnreachable) or error.code != _CONFLICT:
                self._record.wrote("event", good=False)
                log.warning("event not written", extra={"policy": facts.name, "error": str(error)})
            return
        self._record.wrote("event", good=True)


def _metadata(facts: PolicyFacts) -> Json:
    """Return what names the policy as it was seen: a write that comes late must not undo a later one.

    So a leader that wrote just before it lost its lease cannot spoil what its successor wrote since.
    """
    return {"name": facts.name} | ({"resourceVersion": facts.version} if facts.version else {})


def _newly_refused(facts: PolicyFacts, found: PolicyStatus) -> bool:
    """Whether this status is the first that says that this generation cannot be used."""
    return bool(_refusals(found) - _refusals(facts.status))


def _refusals(status: PolicyStatus) -> set[int | None]:
    return {
        each.observed_generation
        for each in status.conditions
        if each.type == ACCEPTED and each.status is Truth.FALSE
    }

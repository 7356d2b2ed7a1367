"""In the place of a poller where no Alertmanager was named: nothing acts, and a person is told why."""

import logging
from collections.abc import Sequence
from typing import Protocol

from ballonet.decision import View
from ballonet.policy import Policy
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.alerts.matching import Matched

log = logging.getLogger(__name__)


class AlertSource(Protocol):
    """The part of ``poller.Poller`` that a cycle looks at; nothing here waits."""

    def look(self, view: View, policies: Sequence[Policy]) -> tuple[Matched, Alerting | None]:
        """Return what acts on the host by the rules of these policies, and how it goes."""
        ...

    def standing(self) -> Alerting | None:
        """Return how it goes with Alertmanager; None where none is configured."""
        ...

    def dead(self) -> tuple[str, ...]:
        """Return the parts that have ended by themselves."""
        ...


class Unasked:
    """Knows of no alert."""

    def __init__(self) -> None:
        self._told: frozenset[str] = frozenset()

    def start(self) -> None:
        """Do nothing: there is nobody to ask."""

    def stop(self) -> None:
        """Do nothing."""

    def look(self, view: View, policies: Sequence[Policy]) -> tuple[Matched, None]:
        """Return nothing, and say of policies with rules about alerts that they are in vain."""
        del view
        vain = frozenset(policy.name for policy in policies if policy.alerts)
        if vain - self._told:
            log.warning(
                "policies have rules about alerts, and no Alertmanager is known: give --alertmanager.url",
                extra={"policies": sorted(vain)},
            )
        self._told = vain
        return Matched(), None

    def standing(self) -> Alerting | None:
        """Return nothing."""
        return None

    def dead(self) -> tuple[str, ...]:
        """Return nothing: there is no part that could end by itself."""
        return ()

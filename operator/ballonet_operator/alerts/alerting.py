"""How it goes with the alerts, as a value: what acts now, and whether Alertmanager answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ballonet_operator.alerts.matching import Use

RESULTS: Final = ("success", "unreachable", "refused", "unusable")
"""How asking one Alertmanager once can end; the causes of ``errors.AlertmanagerFailed`` and success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """One moment of it.

    Attributes:
        uses: alerts that act.
        answers: by URL, whether it answered when it was last asked; without those that never were.
        succeeded_at: when one of them last answered, seconds since the epoch; 0 before that.
        polls: how often asking one of them ended how.
        asked: a policy in force has rules about alerts, so that they are asked.
        reachable: one answered lately enough for alerts to act; None while that is not known.
        error: why the last one that did not answer did not.
    """

    uses: tuple[Use, ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)
    succeeded_at: float = 0.0
    polls: Mapping[str, int] = field(default_factory=dict)
    asked: bool = False
    reachable: bool | None = None
    error: str = ""

"""An alert as a value, from what Alertmanager's API v2 answers.

Everything in it is untrusted: labels come from whoever writes metrics, and may hold the names of guests. It
is bounded here, and compared and counted elsewhere; nothing of it is ever looked up or run. No I/O here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ballonet.errors import AlertmanagerFailed

MOST_ALERTS: Final = 10_000
"""More in one answer are no alerts about one host any more, and would take memory from the guests."""
LONGEST_VALUE: Final = 1024
"""Characters that are kept of a label. Policies compare with 256 (``v1alpha1.AlertValue``), and names of
hosts and guests are shorter than this, so a label that was cut is equal to nothing that it was not before."""
_LONGEST_FINGERPRINT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert.

    Attributes:
        fingerprint: Alertmanager's own name for it, a hash of the labels.
        started: when it began to fire, as Alertmanager writes it.
    """

    fingerprint: str
    labels: Mapping[str, str]
    started: str = ""

    @property
    def name(self) -> str:
        """The alert's name; empty where it has none."""
        return self.labels.get("alertname", "")


def parse(answer: bytes) -> tuple[Alert, ...]:
    """Return the alerts of an answer, those that do not fire left out.

    Raises:
        AlertmanagerFailed: it is not what Alertmanager answers, or too much.
    """
    try:
        content = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise _nonsense("no JSON") from error
    if not isinstance(content, list):
        raise _nonsense("no list of alerts")
    if len(content) > MOST_ALERTS:
        raise _nonsense(f"{len(content)} alerts, and more than {MOST_ALERTS} are not read")
    return tuple(_alert(each) for each in content if _fires(each))


def _fires(thing: Any) -> bool:
    """Whether it is active; the request asks for no others, but a proxy may not pass that on."""
    status = thing.get("status") if isinstance(thing, dict) else None
    return not isinstance(status, dict) or status.get("state", "active") == "active"


def _alert(thing: Any) -> Alert:
    labels = thing.get("labels") if isinstance(thing, dict) else None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise _nonsense("an alert without labels")
    fingerprint, started = thing.get("fingerprint", ""), thing.get("startsAt", "")
    return Alert(
        fingerprint=str(fingerprint)[:_LONGEST_FINGERPRINT],
        labels={name[:LONGEST_VALUE]: value[:LONGEST_VALUE] for name, value in labels.items()},
        started=str(started)[:_LONGEST_FINGERPRINT],
    )


def _nonsense(what: str) -> AlertmanagerFailed:
    return AlertmanagerFailed(f"the answer cannot be used: {what}", cause="unusable")

"""Alerts that policies act on, and whether anybody can tell which fire."""

from collections.abc import Sequence
from typing import Final

from ballonet.policy import Mode
from ballonet.web.markup import NOTHING, Markup, Template
from ballonet.web.tables import Column, Table
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.alerts.matching import Use
from ballonet_operator.page.guest_part import bounded

_MOST: Final = 50
"""Alerts that are shown."""
_TABLE: Final = Table(
    Column("Alert"),
    Column("Asks for"),
    Column("On"),
    Column("Policy"),
    Column("Since"),
    Column("Fingerprint"),
)
_PART: Final = Template(
    '<section aria-labelledby="alerts"><h2 id="alerts">Alerts</h2>{trouble}{table}{more}</section>'
)
_SILENT: Final = Template(
    '<p><span class="bad">No Alertmanager answers, so no alert acts.</span> {error}</p>'
)
_NONE: Final = Template("<p>No alert fires that a policy acts on.</p>")
_MORE: Final = Template("<p>{} more are not shown.</p>")


def alert_part(alerting: Alerting | None) -> Markup:
    """Return the section of the alerts; nothing where no policy has rules about them."""
    if alerting is None or not alerting.asked:
        return NOTHING
    uses = alerting.uses
    return _PART(
        trouble=_SILENT(error=bounded(alerting.error)) if alerting.reachable is False else NOTHING,
        table=_TABLE.render("Those that policies act on.", map(_row, uses[:_MOST])) if uses else _NONE(),
        more=_MORE(len(uses) - _MOST) if len(uses) > _MOST else NOTHING,
    )


def _row(use: Use) -> Sequence[object]:
    asked = use.action.value if use.mode is Mode.ENFORCE else f"{use.action.value} (policy: {use.mode.value})"
    return (
        bounded(use.alertname),
        asked,
        bounded(use.guest) if use.guest else "the host",
        bounded(use.policy),
        bounded(use.started),
        bounded(use.fingerprint),
    )

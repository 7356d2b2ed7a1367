"""Ways from one dashboard to the others and to the runbooks; all keep time, cluster and data source."""

from typing import Final

RUNBOOKS: Final = "https://github.com/ballonet/ballonet/blob/main/docs/runbooks"
TAG: Final = "ballonet"

_KEPT: Final = "${datasource:queryparam}&${cluster:queryparam}&${__url_time_range}"
_THIS: Final = "${__value.raw:percentencode}"
_HOST: Final = "${__data.fields.Host:percentencode}"

OF_COLUMN: Final = {
    "Alert": ("Runbook", f"{RUNBOOKS}/{_THIS}.md"),
    "Host": ("Host", f"/d/ballonet-host?var-host={_THIS}&{_KEPT}"),
    "Guest": ("Guest", f"/d/ballonet-guest?var-host={_HOST}&var-guest={_THIS}&{_KEPT}"),
}
"""Where a cell of a table leads to, by the title of its column: the name of the link and its address."""

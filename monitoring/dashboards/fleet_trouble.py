"""What is wrong: the part of *Ballonet / Fleet* that lists alerts, guests and policies in trouble."""

from typing import Final

from dashboards.panel import Column, Graph, Row, Table
from dashboards.promql import ALERTS, per_guest, rate

_STUCK: Final = "Stuck|Unresponsive|ReadIncomplete|Statistics.*"
_ON_GUEST: Final = {"cluster": "Cluster", "host": "Host", "guest": "Guest"}

TROUBLE: Final = Row(
    title="Trouble",
    panels=(
        Table(
            title="Alerts",
            about="Ballonet's alerts that fire. The name leads to the runbook.",
            width=24,
            keys={"alertname": "Alert", "severity": "Severity", **_ON_GUEST},
            columns=(Column(expr=per_guest(f"ALERTS{{@fleet,{ALERTS}}}", "alertname severity")),),
            sort="Severity",
        ),
        Table(
            title="Guests that cannot be moved as they should",
            about="Guests whose balloon is stuck, whose QEMU does not answer, or whose statistics are old, "
            "missing or impossible. The agent leaves them alone, or at least never shrinks them.",
            keys={**_ON_GUEST, "policy": "Policy", "reason": "Reason"},
            columns=(
                Column(
                    expr=per_guest(f'ballonet_guest_decision{{@fleet,reason=~"{_STUCK}"}}', "policy reason")
                ),
            ),
        ),
        Table(
            title="Guests with old statistics",
            about="Guests whose balloon driver has reported once and then stopped, or is not asked any more.",
            keys=_ON_GUEST,
            sort="-Last report",
            columns=(
                Column(
                    title="Last report",
                    unit="s",
                    expr=per_guest(
                        "(time() - ballonet_guest_statistics_timestamp_seconds{@fleet}"
                        " and ballonet_guest_statistics_fresh{@fleet} == 0)"
                    ),
                ),
            ),
        ),
        Table(
            title="Refused policies",
            about="Policy files and objects that cannot be used, and how many agents say so. The last good "
            "version of each is in force.",
            keys={"cluster": "Cluster", "file": "Policy"},
            columns=(
                Column(title="Agents", expr="count by (cluster, file) (ballonet_policy_rejected{@fleet})"),
            ),
        ),
        Graph(
            title="Balloons that could not be set",
            about="Failed attempts to set a balloon, by cause.",
            unit="cps",
            lines={"{{cause}}": f"sum by (cause) ({rate('ballonet_set_memory_failures_total', '@fleet')})"},
        ),
    ),
)

"""Who is on the host: the part of *Ballonet / Host* about guests, policies, agent and exporter."""

from typing import Final

from dashboards.panel import Alarm, Column, Graph, Row, Table
from dashboards.promql import ALERTS, per_guest, rate

_OURS: Final = "(ballonet_agent_build_info{@host} or ballonet_exporter_build_info{@host})"
_ON_GUEST: Final = {"cluster": "Cluster", "host": "Host", "guest": "Guest"}


def _policy(metric: str, matchers: str = "") -> str:
    return f"max by (policy) (ballonet_policy_{metric}{{@host{matchers}}})"


def _of_guest(metric: str) -> str:
    return per_guest(f"ballonet_guest_{metric}{{@host}}")


GUESTS: Final = Row(
    title="Guests",
    panels=(
        Table(
            title="Guests",
            about="Every guest, with what the last cycle decided and why. The name leads to the guest.",
            width=24,
            height=12,
            unit="bytes",
            keys={**_ON_GUEST, "policy": "Policy", "reason": "Reason"},
            sort="-Has",
            columns=(
                Column(title="Has", expr=_of_guest("balloon_actual_bytes"), unit="bytes"),
                Column(title="Maximum", expr=_of_guest("balloon_maximum_bytes"), unit="bytes"),
                Column(title="Target", expr=_of_guest("target_bytes"), unit="bytes"),
                Column(title="Needs", expr=_of_guest("need_bytes"), unit="bytes"),
                Column(title="Wants", expr=_of_guest("want_bytes"), unit="bytes"),
                Column(title="Floor", expr=_of_guest("floor_bytes"), unit="bytes"),
                Column(title="Usable", expr=_of_guest("memory_usable_bytes"), unit="bytes"),
                Column(title="Starved", expr=_of_guest("starved"), alarm=Alarm.ANY),
                Column(expr=per_guest("ballonet_guest_decision{@host}", "policy reason")),
            ),
        ),
        Table(
            title="Alerts",
            about="Ballonet's alerts that fire for this host and its guests. The name leads to the runbook.",
            keys={"alertname": "Alert", "severity": "Severity", **_ON_GUEST},
            columns=(Column(expr=per_guest(f"ALERTS{{@host,{ALERTS}}}", "alertname severity")),),
            sort="Severity",
        ),
        Table(
            title="Policies in force",
            about="The policies of this host with their own thresholds, without what pressure and alerts "
            "add.",
            unit="bytes",
            keys={"policy": "Policy", "mode": "Mode", "priority": "Priority", "origin": "From"},
            columns=(
                Column(expr="max by (policy, mode, priority, origin) (ballonet_policy_info{@host})"),
                *(
                    Column(
                        title=f"{title} {'above' if level == 'grow' else 'below'}",
                        expr=_policy("reserve_bytes", f',level="{level}"'),
                        unit="bytes",
                    )
                    for level, title in (("grow", "Grow"), ("reclaim", "Reclaim"), ("critical", "Critical"))
                ),
                Column(title="Pressure adds", expr=_policy("pressure_reserve_bytes"), unit="bytes"),
                Column(title="Pressure above", expr=_policy("pressure_threshold_ratio"), unit="percentunit"),
            ),
        ),
    ),
)

PARTS: Final = Row(
    title="Agent and exporter",
    panels=(
        Graph(
            title="Cycles",
            about="Cycles of the agent in a second: complete, lost because libvirt was out of reach, or "
            "waiting for policies.",
            unit="cps",
            lines={"{{result}}": f"sum by (result) ({rate('ballonet_cycles_total', '@host')})"},
        ),
        Graph(
            title="Time taken",
            about="How long the last cycle of the agent took, and the collectors of the exporter's last "
            "scrape.",
            unit="s",
            lines={
                "cycle": "max(ballonet_cycle_duration_seconds{@host})",
                "scrape: {{collector}}": "max by (collector)"
                " (ballonet_scrape_collector_duration_seconds{@host})",
            },
        ),
        Graph(
            title="Processor",
            about="Share of one processor that agent and exporter take.",
            unit="percentunit",
            lines={
                "{{job}}": f"sum by (job) ({rate('process_cpu_seconds_total', '@host')}"
                f" and on (job, instance) {_OURS})"
            },
        ),
        Graph(
            title="Memory of the parts",
            about="Resident memory of agent and exporter.",
            unit="bytes",
            lines={
                "{{job}}": "sum by (job) (process_resident_memory_bytes{@host}"
                f" and on (job, instance) {_OURS})"
            },
        ),
    ),
)

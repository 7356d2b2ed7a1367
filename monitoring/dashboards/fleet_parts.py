"""How Ballonet itself fares: the part of *Ballonet / Fleet* about agents, exporters and controllers."""

from typing import Final

from dashboards.panel import Column, Graph, Row, Table
from dashboards.promql import per_host

PARTS: Final = Row(
    title="Parts of Ballonet",
    panels=(
        Table(
            title="Versions",
            about="How many agents, exporters and controllers run which version.",
            keys={"cluster": "Cluster", "version": "Version"},
            columns=tuple(
                Column(
                    title=f"{part.capitalize()}s",
                    expr=f"count by (cluster, version) (ballonet_{part}_build_info{{@fleet}})",
                )
                for part in ("agent", "exporter", "controller")
            ),
        ),
        Table(
            title="Hypervisors",
            about="How many hosts run which versions of libvirt and of the hypervisor behind it.",
            keys={
                "cluster": "Cluster",
                "libvirt_version": "libvirt",
                "hypervisor": "Hypervisor",
                "hypervisor_version": "Version",
            },
            columns=(
                Column(
                    title="Hosts",
                    expr="count by (cluster, libvirt_version, hypervisor, hypervisor_version)"
                    " (ballonet_libvirt_info{@fleet})",
                ),
            ),
        ),
        Graph(
            title="Oldest cycles",
            about="How long ago the agent's last complete cycle began: the ten hosts with the oldest.",
            unit="s",
            lines={
                "{{host}}": "topk(10, time() - "
                + per_host("ballonet_cycle_last_success_timestamp_seconds{@fleet}", "max")
                + ")"
            },
        ),
        Graph(
            title="Slowest scrapes",
            about="How long exporters take to read their guests: the ten slowest.",
            unit="s",
            lines={
                "{{host}}": "topk(10, "
                + per_host('ballonet_scrape_collector_duration_seconds{@fleet,collector="guest"}', "max")
                + ")"
            },
        ),
    ),
)

KUBERNETES: Final = Row(
    title="Kubernetes",
    collapsed=True,
    panels=(
        Table(
            title="Conditions",
            about="BalloonPolicies and BalloonHosts by condition, as the controller counts them.",
            keys={"cluster": "Cluster", "condition": "Condition", "status": "Status"},
            columns=tuple(
                Column(
                    title=kind.capitalize(),
                    expr=f"max by (cluster, condition, status) (ballonet_controller_{kind}{{@fleet}})",
                )
                for kind in ("policies", "hosts")
            ),
        ),
        Graph(
            title="Last reconcile",
            about="How long ago a controller completed a reconcile; the one that leads does so every minute.",
            unit="s",
            lines={
                "controller {{cluster}}": "time() - max by (cluster)"
                " (ballonet_controller_reconcile_last_success_timestamp_seconds{@fleet})"
            },
        ),
        Graph(
            title="Controllers",
            about="Controllers that run and controllers that lead. Exactly one should lead.",
            lines={
                "running {{cluster}}": "count by (cluster) (ballonet_controller_leader{@fleet})",
                "leading {{cluster}}": "sum by (cluster) (ballonet_controller_leader{@fleet})",
            },
        ),
        Graph(
            title="Agents without the API server",
            about="Agents whose watch on policies is not open. They go on with the policies that they know.",
            lines={
                "agents {{cluster}}": "sum by (cluster) (1 - ballonet_kubernetes_watch_connected{@fleet})"
            },
        ),
    ),
)

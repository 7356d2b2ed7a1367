"""*Ballonet / Host*: where the memory of a host is, what is moved and why, and how each guest stands."""

from typing import Final

from dashboards.host_guests import GUESTS, PARTS
from dashboards.panel import Alarm, Board, Event, Figure, Graph, Row, Timeline
from dashboards.promql import ALERTS, headroom, rate

_TOTAL: Final = "sum(ballonet_host_memory_total_bytes{@host})"
_AVAILABLE: Final = "sum(ballonet_host_memory_available_bytes{@host})"
_BEHIND: Final = "sum(ballonet_guest_memory_resident_bytes{@host})"


def _reserve(level: str) -> str:
    return f'sum(ballonet_host_reserve_bytes{{@host,level="{level}"}})'


GLANCE: Final = Row(
    title="At a glance",
    panels=(
        Figure(
            title="Available",
            about="What the host can still give, or what is left of the guests' budget.",
            unit="bytes",
            expr="sum(ballonet_host_budget_available_bytes{@host})",
        ),
        Figure(
            title="Headroom",
            about="Available memory above the reserve at which guests begin to shrink.",
            unit="bytes",
            expr=f"sum({headroom('@host')})",
            alarm=Alarm.BELOW_ZERO,
        ),
        Figure(
            title="Reclaimed",
            about="What guests of policies have less than their maximum.",
            unit="bytes",
            expr="sum(ballonet_reclaimed_bytes{@host})",
        ),
        Figure(
            title="Needs beyond host",
            about="By how much the guests' needs exceed what the host can give. No balloon can help there.",
            unit="bytes",
            expr="sum(ballonet_host_overcommitted_bytes{@host})",
            alarm=Alarm.ANY,
        ),
        Figure(
            title="Reserves raised",
            about="Whether pressure, swapping or an alert has raised the reserves.",
            unit="bool_yes_no",
            expr="max(ballonet_host_reserves_raised{@host})",
            words=True,
        ),
        Figure(
            title="Guests of policies",
            about="Running guests that a policy owns.",
            expr='sum(ballonet_guests{@host,state="owned"})',
        ),
        Figure(
            title="Starved guests",
            about="Guests that show that they have too little, by the thresholds of their policy.",
            expr='sum(ballonet_guests{@host,state="starved"})',
            alarm=Alarm.ANY,
        ),
        Figure(
            title="Alerts",
            about="Ballonet's alerts that fire for this host and its guests.",
            expr=f"count(ALERTS{{@host,{ALERTS}}}) or vector(0)",
            alarm=Alarm.ANY,
        ),
    ),
)

MEMORY: Final = Row(
    title="Memory",
    panels=(
        Graph(
            title="Where the host's memory is",
            about="Memory behind guests, memory of everything else, and what is available; together it is "
            "all that the host has.",
            unit="bytes",
            stacked=True,
            lines={
                "guests": _BEHIND,
                "everything else": f"{_TOTAL} - {_AVAILABLE} - {_BEHIND}",
                "available": _AVAILABLE,
            },
        ),
        Graph(
            title="Available memory and the reserves",
            about="Guests grow while more is available than the upper reserve, shrink below the one in the "
            "middle, and shrink faster below the lowest. The reserves are those in force, pressure and "
            "alerts included.",
            unit="bytes",
            lines={"available": "sum(ballonet_host_budget_available_bytes{@host})"},
            limits={
                "guests grow above": _reserve("grow"),
                "guests shrink below": _reserve("reclaim"),
                "critical below": _reserve("critical"),
            },
        ),
        Graph(
            title="What the guests need, have and could have",
            about="All guests together. What they may have is what remains while the reserve for growing "
            "stays free.",
            unit="bytes",
            lines={
                "need": "sum(ballonet_guest_need_bytes{@host})",
                "want": "sum(ballonet_guest_want_bytes{@host})",
                "have": "sum(ballonet_guest_balloon_actual_bytes{@host})",
                "maximum": "sum(ballonet_guest_limit_bytes{@host})",
            },
            limits={"may have": "sum(ballonet_host_pool_bytes{@host})"},
        ),
        Graph(
            title="Reclaimed, immovable, missing",
            about="What guests have less than their maximum; memory of guests that cannot or may not be "
            "moved, by why; and by how much the guests' needs exceed the host.",
            unit="bytes",
            lines={
                "reclaimed": "sum(ballonet_reclaimed_bytes{@host})",
                "immovable: {{reason}}": "sum by (reason) (ballonet_host_immovable_bytes{@host})",
                "missing": "sum(ballonet_host_overcommitted_bytes{@host})",
            },
        ),
        Graph(
            title="Memory pressure",
            about="Share of the last 10 s in which some or all tasks of the host waited for memory. Above "
            "the threshold of a policy its reserves are raised.",
            unit="percentunit",
            lines={"{{kind}}": 'max by (kind) (ballonet_host_memory_pressure_ratio{@host,window="10s"})'},
            limits={
                "threshold of {{policy}}": "max by (policy) (ballonet_policy_pressure_threshold_ratio{@host})"
            },
        ),
        Timeline(
            title="State of the host",
            about="Whether the reserves are raised, whether libvirt answers the exporter, and whether "
            "Alertmanager answers the agent, where policies have rules about alerts.",
            lines={
                "reserves raised": "max(ballonet_host_reserves_raised{@host})",
                "libvirt answers": "min(ballonet_up{@host})",
                "Alertmanager answers: {{url}}": "min by (url) (ballonet_alertmanager_up{@host})",
            },
        ),
    ),
)

MOVES: Final = Row(
    title="Moves",
    panels=(
        Graph(
            title="Moves by reason",
            about="Balloons that the agent sets in a second, by direction and reason.",
            unit="cps",
            stacked=True,
            lines={
                "{{direction}}: {{reason}}": "sum by (direction, reason)"
                f" ({rate('ballonet_moves_total', '@host')})"
            },
        ),
        Graph(
            title="Memory moved",
            about="How much is taken from guests (reclaim) and given to them (grow).",
            unit="binBps",
            lines={"{{direction}}": f"sum by (direction) ({rate('ballonet_moved_bytes_total', '@host')})"},
        ),
        Graph(
            title="Guests by decision",
            about="What the last cycle decided, and for how many guests.",
            stacked=True,
            lines={"{{reason}}": "count by (reason) (ballonet_guest_decision{@host})"},
        ),
        Graph(
            title="Balloons that could not be set",
            about="Failed attempts to set a balloon, by cause.",
            unit="cps",
            lines={"{{cause}}": f"sum by (cause) ({rate('ballonet_set_memory_failures_total', '@host')})"},
        ),
        Graph(
            title="Alerts that policies act on",
            about="Alerts in Alertmanager that move reserves or the terms of a guest here, by what they ask "
            "for.",
            lines={"{{action}}": "sum by (action) (ballonet_alerts_in_force{@host})"},
        ),
    ),
)

HOST: Final = Board(
    uid="ballonet-host",
    title="Ballonet / Host",
    about="Where the memory of a host is, what is moved and why, and how each guest stands.",
    variables=("datasource", "cluster", "host"),
    rows=(GLANCE, MEMORY, MOVES, GUESTS, PARTS),
    events=(
        Event(
            name="Alert",
            expr=f"ALERTS{{@host,{ALERTS}}}",
            text="{{alertname}} {{guest}}",
            color="red",
        ),
        Event(
            name="Agent started",
            expr="process_start_time_seconds{@host} > time() - 60"
            " and on (job, instance) ballonet_agent_build_info{@host}",
            text="The agent {{instance}} started.",
            color="blue",
        ),
    ),
)

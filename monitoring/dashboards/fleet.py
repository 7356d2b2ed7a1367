"""*Ballonet / Fleet*: which host, which guest and which part of Ballonet somebody should look at first."""

from typing import Final

from dashboards.fleet_parts import KUBERNETES, PARTS
from dashboards.fleet_trouble import TROUBLE
from dashboards.panel import Alarm, Board, Column, Figure, Graph, Row, Table
from dashboards.promql import ALERTS, headroom, per_host, rate

_HEADROOM: Final = headroom("@fleet")
_PROMISED: Final = (
    "(ballonet_guest_balloon_maximum_bytes{@fleet} and ballonet_guest_balloon_actual_bytes{@fleet})"
)
_ON_HOST: Final = {"cluster": "Cluster", "host": "Host"}


def _guests(state: str) -> str:
    return f'ballonet_guests{{@fleet,state="{state}"}}'


GLANCE: Final = Row(
    title="At a glance",
    panels=(
        Figure(
            title="Hosts",
            about="Hosts whose agent knows its memory.",
            expr="count(ballonet_host_budget_bytes{@fleet})",
        ),
        Figure(
            title="Running guests",
            about="Guests that an exporter sees running.",
            expr="count(ballonet_guest_balloon_actual_bytes{@fleet})",
        ),
        Figure(
            title="Memory",
            about="What guests may use of all hosts together: their memory, or their budget.",
            unit="bytes",
            expr="sum(ballonet_host_budget_bytes{@fleet})",
        ),
        Figure(
            title="Reclaimed",
            about="What guests of policies have less than their maximum; it serves other guests.",
            unit="bytes",
            expr="sum(ballonet_reclaimed_bytes{@fleet})",
        ),
        Figure(
            title="Overcommit",
            about="The maxima of running guests, compared with the memory of their hosts. Above 100 % not "
            "every guest could have its maximum.",
            unit="percentunit",
            expr=f"sum({_PROMISED}) / sum(ballonet_host_memory_total_bytes{{@fleet}})",
        ),
        Figure(
            title="Hosts below reserve",
            about="Hosts with less available than the reserve at which their policies shrink guests.",
            expr=f"sum({_HEADROOM} < bool 0)",
            alarm=Alarm.ANY,
        ),
        Figure(
            title="Starved guests",
            about="Guests that show that they have too little, by the thresholds of their policy.",
            expr=f"sum({_guests('starved')})",
            alarm=Alarm.ANY,
        ),
        Figure(
            title="Alerts",
            about="Ballonet's alerts that fire, as Prometheus evaluates them.",
            expr=f"count(ALERTS{{@fleet,{ALERTS}}}) or vector(0)",
            alarm=Alarm.ANY,
        ),
    ),
)

HOSTS: Final = Row(
    title="Hosts",
    panels=(
        Table(
            title="Hosts by headroom",
            about="Hosts with the least memory above their reserve come first. The name leads to the host.",
            width=24,
            height=10,
            keys=_ON_HOST,
            sort="Headroom",
            columns=(
                Column(title="Headroom", expr=per_host(_HEADROOM), unit="bytes", alarm=Alarm.BELOW_ZERO),
                Column(
                    title="Available",
                    expr=per_host("ballonet_host_budget_available_bytes{@fleet}"),
                    unit="bytes",
                ),
                Column(title="Memory", expr=per_host("ballonet_host_budget_bytes{@fleet}"), unit="bytes"),
                Column(title="Reclaimed", expr=per_host("ballonet_reclaimed_bytes{@fleet}"), unit="bytes"),
                Column(
                    title="Overcommit",
                    expr=f"{per_host(_PROMISED)} / {per_host('ballonet_host_memory_total_bytes{@fleet}')}",
                    unit="percentunit",
                ),
                Column(
                    title="Needs beyond host",
                    expr=per_host("ballonet_host_overcommitted_bytes{@fleet}"),
                    unit="bytes",
                    alarm=Alarm.ANY,
                ),
                Column(title="Guests", expr=per_host(_guests("owned"))),
                Column(title="Starved", expr=per_host(_guests("starved")), alarm=Alarm.ANY),
                Column(title="Stuck", expr=per_host(_guests("stuck")), alarm=Alarm.ANY),
                Column(title="Stale", expr=per_host(_guests("stale")), alarm=Alarm.ANY),
                Column(title="Alerts", expr=per_host(f"ALERTS{{@fleet,{ALERTS}}}"), alarm=Alarm.ANY),
            ),
        ),
        Graph(
            title="Least headroom",
            about="Available memory above the reserve at which guests begin to shrink: the ten hosts with "
            "the least of it. Around zero a full host rests; far below, reclaiming does not keep up.",
            unit="bytes",
            lines={"{{host}}": f"bottomk(10, {per_host(_HEADROOM)})"},
        ),
        Graph(
            title="Memory of the fleet",
            about="What all hosts have, what of it is available, what guests have less than their maximum, "
            "and by how much guests need more than their host can give.",
            unit="bytes",
            lines={
                "available": "sum(ballonet_host_budget_available_bytes{@fleet})",
                "reclaimed": "sum(ballonet_reclaimed_bytes{@fleet})",
                "needs beyond their host": "sum(ballonet_host_overcommitted_bytes{@fleet})",
            },
            limits={"memory of the hosts": "sum(ballonet_host_budget_bytes{@fleet})"},
        ),
        Graph(
            title="Reclaimed",
            about="What guests of policies have less than their maximum: the ten hosts with the most of it.",
            unit="bytes",
            lines={"{{host}}": f"topk(10, {per_host('ballonet_reclaimed_bytes{@fleet}')})"},
        ),
        Graph(
            title="Memory moved",
            about="How much agents take from guests (reclaim) and give to them (grow).",
            unit="binBps",
            lines={"{{direction}}": f"sum by (direction) ({rate('ballonet_moved_bytes_total', '@fleet')})"},
        ),
    ),
)

FLEET: Final = Board(
    uid="ballonet-fleet",
    title="Ballonet / Fleet",
    about="Which host, which guest and which part of Ballonet to look at first.",
    variables=("datasource", "cluster"),
    rows=(GLANCE, HOSTS, TROUBLE, PARTS, KUBERNETES),
)

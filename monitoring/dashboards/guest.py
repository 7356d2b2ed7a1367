"""*Ballonet / Guest*: what a guest has, needs and may have, how it fares with that, and what was decided."""

from typing import Final

from dashboards.panel import Alarm, Board, Column, Event, Figure, Graph, Row, Table, Timeline
from dashboards.promql import ALERTS, per_host, rate


def _sum(metric: str) -> str:
    return f"sum(ballonet_guest_{metric}{{@guest}})"


def _rate(metric: str) -> str:
    return f"sum({rate(f'ballonet_guest_{metric}', '@guest')})"


def _threshold(metric: str) -> str:
    """Return a threshold of the policy that owns the guest, at each moment."""
    return (
        f"max by (policy) (ballonet_policy_guest_{metric}{{@host}}"
        " and on (job, instance, policy) ballonet_guest_decision{@guest})"
    )


def _changed(than: str) -> str:
    return f"ballonet_guest_target_bytes{{@guest}} {than} ballonet_guest_target_bytes{{@guest}} offset 1m"


# A guest counts faults from its boot on. One that was off a minute ago had none, though somebody looked.
_FAULTS: Final = "ballonet_guest_minor_faults_total{@guest}"
_BOOTED: Final = (
    f"{_FAULTS} < {_FAULTS} offset 1m or ({_FAULTS} unless {_FAULTS} offset 1m"
    " and on (job, instance) ballonet_up{@host} offset 1m == 1)"
)

GLANCE: Final = Row(
    title="At a glance",
    panels=(
        Figure(
            title="Has",
            about="What the balloon leaves the guest.",
            unit="bytes",
            expr=_sum("balloon_actual_bytes"),
        ),
        Figure(
            title="Of its maximum",
            about="What the balloon leaves the guest, compared with its maximum.",
            unit="percentunit",
            expr=f"{_sum('balloon_actual_bytes')} / {_sum('balloon_maximum_bytes')}",
        ),
        Figure(
            title="Needs",
            about="What the guest cannot give up, plus a margin.",
            unit="bytes",
            expr=_sum("need_bytes"),
        ),
        Figure(
            title="Usable",
            about="What the guest could give up without swapping, by its own report.",
            unit="bytes",
            expr=_sum("memory_usable_bytes"),
        ),
        Figure(
            title="Starved",
            about="Whether the guest shows that it has too little, by the thresholds of its policy.",
            unit="bool_yes_no",
            expr="max(ballonet_guest_starved{@guest})",
            words=True,
            alarm=Alarm.ANY,
        ),
        Figure(
            title="Last report",
            about="How long ago the guest's balloon driver last reported.",
            unit="s",
            expr="time() - max(ballonet_guest_statistics_timestamp_seconds{@guest})",
        ),
        Figure(
            title="Decision",
            about="What the last cycle decided for the guest.",
            expr="max by (reason) (ballonet_guest_decision{@guest})",
            legend="{{reason}}",
        ),
        Figure(
            title="Policy",
            about="The policy that owns the guest.",
            expr="max by (policy) (ballonet_guest_decision{@guest})",
            legend="{{policy}}",
        ),
    ),
)

MEMORY: Final = Row(
    title="Memory",
    panels=(
        Graph(
            title="What the guest has, needs and may have",
            about="The agent sets the target, and the balloon follows. The guest is never left with less "
            "than its floor, and cannot have more than its maximum.",
            unit="bytes",
            width=24,
            height=10,
            lines={
                "has": _sum("balloon_actual_bytes"),
                "target": _sum("target_bytes"),
                "needs": _sum("need_bytes"),
                "wants": _sum("want_bytes"),
                "usable": _sum("memory_usable_bytes"),
            },
            limits={"maximum": _sum("balloon_maximum_bytes"), "floor": _sum("floor_bytes")},
        ),
        Graph(
            title="Inside the guest",
            about="The guest's own report: what it sees, what of that it could give up, what nobody uses, "
            "and its page cache; and the host memory behind the guest.",
            unit="bytes",
            lines={
                "total": _sum("memory_total_bytes"),
                "usable": _sum("memory_usable_bytes"),
                "unused": _sum("memory_unused_bytes"),
                "disk caches": _sum("memory_disk_caches_bytes"),
                "resident on the host": _sum("memory_resident_bytes"),
            },
        ),
        Graph(
            title="Usable share",
            about="Usable memory, compared with what the guest has. Below the threshold of its policy it is "
            "little, and faults or swapping then make the guest starved.",
            unit="percentunit",
            lines={"usable": f"{_sum('memory_usable_bytes')} / {_sum('balloon_actual_bytes')}"},
            limits={"threshold of {{policy}}": _threshold("usable_threshold_ratio")},
        ),
    ),
)

SIGNS: Final = Row(
    title="Signs of want",
    panels=(
        Graph(
            title="Major faults",
            about="Page faults that read a disk. Above the threshold, while little memory is usable, the "
            "guest is starved.",
            unit="cps",
            lines={"major faults": _rate("major_faults_total")},
            limits={"threshold of {{policy}}": _threshold("major_faults_threshold_per_second")},
        ),
        Graph(
            title="Swap",
            about="What the guest reads from its swap and writes to it. Above the threshold for reading, "
            "while little memory is usable, the guest is starved.",
            unit="binBps",
            lines={"in": _rate("swap_in_bytes_total"), "out": _rate("swap_out_bytes_total")},
            limits={"threshold of {{policy}}": _threshold("swap_in_threshold_bytes_per_second")},
        ),
        Graph(
            title="Minor faults",
            about="Page faults that read no disk. They rise when the guest touches memory that it was given.",
            unit="cps",
            lines={"minor faults": _rate("minor_faults_total")},
        ),
        Graph(
            title="Huge pages inside the guest",
            about="Huge pages that the guest allocated and failed to allocate; a small guest has more "
            "failures.",
            unit="cps",
            lines={
                "allocated": _rate("hugetlb_allocations_total"),
                "failed": _rate("hugetlb_failures_total"),
            },
        ),
    ),
)

DECISIONS: Final = Row(
    title="Decisions and state",
    panels=(
        Timeline(
            title="Decision",
            about="What each cycle decided for the guest. Reasons are explained in docs/control-law.md.",
            width=24,
            lines={"{{reason}}": "max by (reason) (ballonet_guest_decision{@guest})"},
        ),
        Timeline(
            title="State",
            about="The guest's state, how it could be read, whether its statistics are recent, and whether "
            "it is starved.",
            lines={
                "{{state}}": "max by (state) (ballonet_guest_state{@guest})",
                "read: {{status}}": "max by (status) (ballonet_guest_read_status{@guest})",
                "statistics recent": "min(ballonet_guest_statistics_fresh{@guest})",
                "starved": "max(ballonet_guest_starved{@guest})",
            },
        ),
        Graph(
            title="Proposed by an observing policy",
            about="What the guest would be given, were its policy not only observing. Empty under any other.",
            unit="bytes",
            lines={"proposed": _sum("proposed_bytes"), "has": _sum("balloon_actual_bytes")},
        ),
        Table(
            title="Balloon device",
            about="The guest's UUID, and what its balloon device can do.",
            unit="s",
            keys={
                "uuid": "UUID",
                "balloon_model": "Model",
                "autodeflate": "Autodeflate",
                "free_page_reporting": "Free page reporting",
            },
            columns=(
                Column(
                    expr="max by (uuid, balloon_model, autodeflate, free_page_reporting)"
                    " (ballonet_guest_info{@guest})"
                ),
            ),
            height=6,
        ),
        Table(
            title="Alerts",
            about="Ballonet's alerts that fire for this guest. The name leads to the runbook.",
            keys={"alertname": "Alert", "severity": "Severity", "cluster": "Cluster", "host": "Host"},
            columns=(Column(expr=per_host(f"ALERTS{{@guest,{ALERTS}}}", also="alertname severity")),),
            height=6,
        ),
    ),
)

GUEST: Final = Board(
    uid="ballonet-guest",
    title="Ballonet / Guest",
    about="What a guest has, needs and may have, how it fares with that, and what was decided and why.",
    variables=("datasource", "cluster", "host", "guest"),
    rows=(GLANCE, MEMORY, SIGNS, DECISIONS),
    events=(
        Event(name="Grown", expr=_changed(">"), text="{{guest}} was given memory.", color="green"),
        Event(name="Shrunk", expr=_changed("<"), text="{{guest}} was asked for memory.", color="orange"),
        Event(name="Booted", expr=_BOOTED, text="{{guest}} booted.", color="blue"),
        Event(name="Alert", expr=f"ALERTS{{@guest,{ALERTS}}}", text="{{alertname}}", color="red"),
    ),
)

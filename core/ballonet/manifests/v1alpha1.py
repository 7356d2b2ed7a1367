"""The BalloonPolicy document, ``ballonet.dev/v1alpha1``: what a person writes, as models.

One border: a document comes in (from a file or from Kubernetes), a ``policy.Policy`` goes out, and the
planner never sees anything else. The descriptions are the reference in ``docs/policy.md`` and what
``kubectl explain`` prints; the messages of errors are made in ``manifest``. No I/O here.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from ballonet import policy
from ballonet.manifests.v1alpha1_selection import GuestSelection, HostSelection, ObjectName, Part
from ballonet.manifests.v1alpha1_thresholds import Thresholds
from ballonet.manifests.v1alpha1_types import Memory, Percentage, Positive
from ballonet.quantity import MIB, Amount

API_VERSION: Final = "ballonet.dev/v1alpha1"
KIND: Final = "BalloonPolicy"

AlertLabel = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=128)]
AlertValue = Annotated[
    str, StringConstraints(max_length=256), Field(description="What the label must be, exactly.")
]


class MemoryTerms(Part):
    """What each guest gets."""

    floor: Memory = Field(
        default=Amount(percent=25),
        description="The least a guest is ever left with: a size, or a percentage of its maximum.",
        examples=["512Mi", "25%"],
    )
    weight: int = Field(
        default=100,
        ge=1,
        le=10000,
        description="Share of the guest when memory is short, relative to the weights of other guests.",
        examples=[100],
    )
    headroom: Percentage = Field(
        default=20.0, description="Memory kept above what a guest needs, in percent of it.", examples=["20%"]
    )


class AlertRule(Part):
    """An alert that acts like a threshold while it fires and is not silenced."""

    match_labels: dict[AlertLabel, AlertValue] = Field(
        min_length=1,
        max_length=16,
        description="Labels that the alert must have, with these values.",
        examples=[{"alertname": "HostMemoryFillingUp"}],
    )
    action: policy.Action = Field(
        description="On the host that the alert's labels name: `Reclaim` keeps `pressureReserve` available "
        "as well, out of what guests do not need; `Critical` even out of what they need, and makes them "
        "shrink faster. On the guest that they name: `Grow` treats it as starved, `Freeze` leaves it where "
        "it is.",
        examples=["Reclaim"],
    )

    def to_rule(self) -> policy.AlertRule:
        """Return the rule as the planner's side reads it."""
        return policy.AlertRule(labels=tuple(sorted(self.match_labels.items())), action=self.action)


class Pace(Part):
    """How fast memory moves."""

    shrink_percent_per_cycle: float = Field(
        default=10.0,
        ge=1,
        le=100,
        description="The most that a guest shrinks in one cycle, in percent of its maximum; below "
        "`criticalBelow` it is 25 where this is less.",
        examples=[10],
    )
    minimum_change: Positive = Field(
        default=16 * MIB, description="The smallest change worth making.", examples=["16Mi"]
    )

    def to_pace(self) -> policy.Pace:
        """Return the pace as the planner reads it."""
        return policy.Pace(
            shrink_percent_per_cycle=self.shrink_percent_per_cycle, minimum_change=self.minimum_change
        )


class Spec(Part):
    """Which guests a policy owns, and on what terms."""

    mode: policy.Mode = Field(
        default=policy.Mode.ENFORCE,
        description="`Enforce` moves memory. `Observe` decides and reports, and touches nothing. `Freeze` "
        "leaves the guests at the size they have.",
        examples=["Enforce"],
    )
    priority: int = Field(
        default=0,
        ge=-1_000_000,
        le=1_000_000,
        description="Of several policies that select a guest the one with the highest priority owns it; of "
        "equal ones the older, then the first by name.",
        examples=[10],
    )
    hosts: HostSelection = Field(
        default=HostSelection(), description="On which hosts the policy is in force; omitted: on all."
    )
    guests: GuestSelection = Field(
        default=GuestSelection(), description="Which guests the policy selects; omitted: all."
    )
    memory: MemoryTerms = Field(default=MemoryTerms(), description="What each guest gets.")
    thresholds: Thresholds = Field(
        default=Thresholds(), description="When to act. The shipped alerts use the same numbers."
    )
    alerts: tuple[AlertRule, ...] = Field(
        default=(),
        max_length=32,
        description="Alerts in Alertmanager that act like thresholds while they fire.",
    )
    pace: Pace = Field(default=Pace(), description="How fast memory moves.")


def _timestamp(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write for example 2026-01-31T12:00:00Z")
    return text


class Metadata(BaseModel):
    """The parts of Kubernetes' ObjectMeta that matter here; the others are Kubernetes' own and ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, strict=True)

    name: ObjectName = Field(description="The policy's name, unique on the host.", examples=["web-tier"])
    creation_timestamp: Annotated[str, AfterValidator(_timestamp)] | None = Field(
        default=None,
        description="Set by Kubernetes. In a file it may be left out; the policy then counts as the oldest.",
        examples=["2026-01-31T12:00:00Z"],
    )

    @property
    def created(self) -> float:
        """Seconds since the epoch; 0 where unknown."""
        return datetime.fromisoformat(self.creation_timestamp).timestamp() if self.creation_timestamp else 0.0


class BalloonPolicy(Part):
    """Terms for the memory of the guests that it selects."""

    api_version: Literal["ballonet.dev/v1alpha1"] = Field(description="`ballonet.dev/v1alpha1`.")
    kind: Literal["BalloonPolicy"] = Field(description="`BalloonPolicy`.")
    metadata: Metadata = Field(description="The policy's name, and what Kubernetes adds to it.")
    spec: Spec = Field(description="Which guests the policy owns, and on what terms.")
    status: dict[str, object] | None = Field(
        default=None, description="Written by Ballonet in Kubernetes; ignored in a file."
    )

    def to_policy(self) -> policy.Policy:
        """Return the document as the planner reads it."""
        spec = self.spec
        return policy.Policy(
            name=self.metadata.name,
            mode=spec.mode,
            priority=spec.priority,
            created=self.metadata.created,
            hosts=spec.hosts.to_selector(),
            guests=spec.guests.to_selector(),
            floor=spec.memory.floor,
            weight=spec.memory.weight,
            headroom=spec.memory.headroom,
            host_thresholds=spec.thresholds.host.to_thresholds(),
            guest_thresholds=spec.thresholds.guest.to_thresholds(),
            pace=spec.pace.to_pace(),
            alerts=tuple(rule.to_rule() for rule in spec.alerts),
        )

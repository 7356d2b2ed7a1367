"""The BalloonHost object, ``ballonet.dev/v1alpha1``: what one agent tells of its host. Status only.

Bounded in every direction, because thousands of them lie in one etcd; what grows with the number of guests
is a metric, not a field. No I/O here.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, field_serializer

from ballonet.manifests.v1alpha1_status import (
    Condition,
    Count,
    GuestCounts,
    Message,
    Name,
    Overruling,
    QuantityText,
    StatusPart,
    Text,
    Timestamp,
)

HOST_KIND: Final = "BalloonHost"
MOST_DETAILS: Final = 64
MOST_POLICIES: Final = 256
MOST_OVERRULING_HERE: Final = 4
LONGEST_ERROR: Final = 256
"""With these bounds the largest status has some 0.5 MB; etcd takes 1.5."""


class HostMemory(StatusPart):
    """The host's memory, as its kernel tells it."""

    total: QuantityText = Field(default="0", description="All of it, or the budget where there is one.")
    available: QuantityText = Field(
        default="0",
        description="What is available without swapping. Renewed only when it moved by a twentieth of "
        "`total`; the metric `node_memory_MemAvailable_bytes` has every value.",
    )
    pressure: float | None = Field(
        default=None,
        description="Percentage of the time in which tasks waited for memory (PSI some avg10), as it was "
        "when this status was written.",
    )


class HostReserves(StatusPart):
    """Available memory that the host keeps: the strictest thresholds of the policies that own guests here."""

    grow: QuantityText = Field(default="0", description="Guests grow only above it.")
    reclaim: QuantityText = Field(default="0", description="Guests shrink only below it.")
    critical: QuantityText = Field(default="0", description="Below it guests shrink faster.")
    raised: bool = Field(
        default=False, description="Whether pressure or an alert has raised `grow` and `reclaim`."
    )


class HostGuestCounts(GuestCounts):
    """Guests of the host by what is to be said of them; one guest may count in several fields."""

    total: Count = Field(default=0, description="Running guests.")
    unresponsive: Count = Field(default=0, description="Guests of which several readings were incomplete.")


class LastMove(StatusPart):
    """What was last done to a guest; steps in one direction that follow each other count as one."""

    reason: Name = Field(description="Why, in one word; of several steps the last.")
    before: QuantityText = Field(
        alias="from", description="What was asked of it before, the first step of several included."
    )
    after: QuantityText = Field(alias="to", description="What was asked of it then.")
    at: Timestamp = Field(
        description="When; of several steps the last.", json_schema_extra={"format": "date-time"}
    )


class GuestDetail(StatusPart):
    """A guest that has less than its maximum, or a problem."""

    uuid: Name = Field(description="The libvirt domain's UUID.")
    guest: Name = Field(description="The libvirt domain's name.")
    policy: Name | None = Field(default=None, description="The policy that owns it.")
    actual: QuantityText | None = Field(default=None, description="What it has now.")
    target: QuantityText | None = Field(default=None, description="What was last asked of it.")
    maximum: QuantityText | None = Field(default=None, description="The most that it can have.")
    reason: Name = Field(description="Why it is where it is, in one word.")
    message: Message = Field(default="", description="The same in a sentence.")
    last_move: LastMove | None = Field(
        default=None, description="Its last move, as far as the agent knows of one."
    )


class ObservedPolicy(StatusPart):
    """A policy that selects this host, as its agent knows it."""

    name: Name = Field(description="The policy's name.")
    generation: int = Field(
        default=0, description="The `metadata.generation` that is in force here; 0 when none is."
    )
    error: Annotated[Text, StringConstraints(max_length=LONGEST_ERROR)] = Field(
        default="", description="Why a newer generation was refused here."
    )
    guests: GuestCounts = Field(default=GuestCounts(), description="The policy's guests on this host.")
    reclaimed: QuantityText = Field(default="0", description="What its guests have less than their maximum.")
    overruled_by: tuple[Overruling, ...] = Field(
        default=(),
        max_length=MOST_OVERRULING_HERE,
        description="Policies that own guests which it selects, those first that own most.",
    )


class HostStatus(StatusPart):
    """What an agent tells of its host; written by that agent alone, and only when something changed."""

    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=8,
        description="`HypervisorConnected`: libvirt answers. `MemoryPressure`: available memory is below the "
        "reserve, or tasks wait for memory. `Settled`: guests have what they should have, nothing moves. "
        "`AlertmanagerReachable`, where one is configured: alerts can act; the message names those that do.",
    )
    version: Name = Field(default="", description="The agent's version.")
    memory: HostMemory = Field(default=HostMemory(), description="The host's memory.")
    reserves: HostReserves = Field(default=HostReserves(), description="What is kept of it.")
    guests: HostGuestCounts = Field(default=HostGuestCounts(), description="The host's guests.")
    reclaimed: QuantityText = Field(
        default="0", description="What guests of policies have less than their maximum, together."
    )
    overcommitted: QuantityText = Field(
        default="0", description="By how much the guests' needs exceed what the host can give."
    )
    details: tuple[GuestDetail, ...] = Field(
        default=(),
        max_length=MOST_DETAILS,
        description="Guests with a problem first, then those with less than their maximum.",
    )
    details_omitted: Count = Field(default=0, description="Guests that had no room in `details`.")
    observed_policies: tuple[ObservedPolicy, ...] = Field(
        default=(), max_length=MOST_POLICIES, description="The policies that select this host."
    )
    policies_omitted: Count = Field(
        default=0, description="Policies that select this host and had no room in `observedPolicies`."
    )

    @field_serializer("observed_policies", when_used="json")
    def _briefly(self, policies: tuple[ObservedPolicy, ...]) -> list[dict[str, Any]]:
        """Return them without what says nothing: there may be hundreds, and no person reads zeros here."""
        return [each.model_dump(mode="json", by_alias=True, exclude_defaults=True) for each in policies]


class HostMetadata(StatusPart):
    """The parts of Kubernetes' ObjectMeta that matter here."""

    name: Name = Field(description="The node's name.")
    uid: Name = Field(default="", description="Given by Kubernetes.")
    creation_timestamp: Name = Field(default="", description="Given by Kubernetes.")


class BalloonHost(StatusPart):
    """A host and its guests' memory, as the agent on it sees them."""

    api_version: Literal["ballonet.dev/v1alpha1"] = Field(description="`ballonet.dev/v1alpha1`.")
    kind: Literal["BalloonHost"] = Field(description="`BalloonHost`.")
    metadata: HostMetadata = Field(description="Named as the node.")
    status: HostStatus = Field(default=HostStatus(), description="What the agent tells of its host.")

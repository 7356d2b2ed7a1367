"""What Ballonet writes into Kubernetes: the status of a BalloonPolicy, and what all statuses share.

The status of a host is in ``v1alpha1_host``. The descriptions are what ``kubectl explain`` prints. Unknown
fields are ignored when a status is read, because an agent and a controller may differ in version for a
while. No I/O here.
"""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

LONGEST_MESSAGE: Final = 1024
MOST_OVERRULING: Final = 16
PRINTABLE: Final = r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$"
"""Text that cannot move a cursor, as Go's regexp has it: kubectl prints statuses as they are."""


def _printable(text: object) -> object:
    """Return text as the pattern has it, whatever it was made from, so that no status fails on a name.

    ``str.isprintable`` takes less than the pattern does, whichever versions of Unicode both know.
    """
    if not isinstance(text, str) or text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# Kubernetes' own form of conditions:
# https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
ConditionType = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]*$", max_length=64)]
ConditionReason = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]*$", max_length=64)]
Text = Annotated[str, BeforeValidator(_printable), Field(json_schema_extra={"pattern": PRINTABLE})]
Message = Annotated[Text, StringConstraints(max_length=LONGEST_MESSAGE)]
Timestamp = Annotated[str, StringConstraints(max_length=32)]
QuantityText = Annotated[Text, StringConstraints(max_length=32)]
"""A size as Kubernetes writes it, such as 512Mi."""
Name = Annotated[Text, StringConstraints(max_length=253)]
Count = Annotated[int, Field(ge=0)]


class StatusPart(BaseModel):
    """What all parts of a status share."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, populate_by_name=True)

    def document(self) -> dict[str, Any]:
        """Return it as JSON; zeros are in it, because people read them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Truth(StrEnum):
    """The status of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(StatusPart):
    """One thing that can be true or not, by Kubernetes' API conventions."""

    type: ConditionType = Field(description="What is true or not.")
    status: Truth = Field(description="`True`, `False` or `Unknown`.")
    observed_generation: int | None = Field(
        default=None, description="The `metadata.generation` that this was found out about."
    )
    last_transition_time: Timestamp = Field(
        description="When `status` last changed.", json_schema_extra={"format": "date-time"}
    )
    reason: ConditionReason = Field(description="Why, in one word for programs.")
    message: Message = Field(description="Why, in a sentence for people; may be empty.")


class GuestCounts(StatusPart):
    """Guests by what is to be said of them; one guest may count in several fields."""

    selected: Count = Field(default=0, description="Running guests that it selects, whoever owns them.")
    owned: Count = Field(default=0, description="Running guests that the policy owns.")
    shrunk: Count = Field(default=0, description="Owned guests that have less than their maximum.")
    starved: Count = Field(default=0, description="Owned guests that show that they have too little.")
    stuck: Count = Field(default=0, description="Owned guests that do not follow their target.")
    stale: Count = Field(
        default=0, description="Owned guests whose statistics are old or absent: they may only grow."
    )
    ineligible: Count = Field(
        default=0,
        description="Owned guests that no balloon can move: no device, huge pages, pinned memory, exempt.",
    )


class Overruling(StatusPart):
    """A policy that owns guests which this one selects as well."""

    policy: Name = Field(description="The policy that owns them.")
    guests: Count = Field(description="How many.")


class PolicyStatus(StatusPart):
    """What became of a BalloonPolicy; written by the controller alone."""

    observed_generation: int | None = Field(
        default=None, description="The `metadata.generation` that this status is about."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=8,
        description="`Accepted`: the policy can be used. `Ready`: it is in force, in this generation, on "
        "every host that it selects.",
    )
    hosts: Count = Field(default=0, description="Hosts that the policy selects.")
    hosts_in_force: Count = Field(
        default=0, description="Hosts of these on which this generation of it is in force."
    )
    guests: GuestCounts = Field(default=GuestCounts(), description="Its guests on all hosts.")
    reclaimed: QuantityText = Field(
        default="0", description="What its guests have less than their maximum, together."
    )
    overruled_by: tuple[Overruling, ...] = Field(
        default=(),
        max_length=MOST_OVERRULING,
        description="Policies that own guests which this one selects: a higher priority, or equal and older.",
    )

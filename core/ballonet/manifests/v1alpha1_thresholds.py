"""The thresholds of a v1alpha1 document; see ``v1alpha1``."""

from typing import Final, Self

from pydantic import Field, model_validator

from ballonet import policy
from ballonet.manifests.v1alpha1_selection import Part
from ballonet.manifests.v1alpha1_types import Memory, Percentage, Size
from ballonet.quantity import MIB, Amount

# The parts of a percentage that the defaults in ``policy.HostThresholds`` come to on a large host.
DEFAULT_PERCENT: Final = {"growAbove": 6.0, "reclaimBelow": 4.0, "criticalBelow": 2.0}
REVERSED: Final = (
    "{upper} ({high}) is below {lower} ({low}): write growAbove >= reclaimBelow >= criticalBelow "
    "(where omitted they are 6%, 4% and 2%)"
)


class HostThresholds(Part):
    """The host's memory levels. A percentage is of the host's memory, or of the budget where there is one."""

    grow_above: Memory | None = Field(
        default=None,
        description="Guests grow only while the host has more available than this. "
        "Default: 6%, at least 640Mi.",
        examples=["6%", "2Gi"],
    )
    reclaim_below: Memory | None = Field(
        default=None,
        description="Guests shrink while the host has less available than this. Default: 4%, at least 400Mi.",
        examples=["4%", "1Gi"],
    )
    critical_below: Memory | None = Field(
        default=None,
        description="Below this guests shrink faster, and nothing is granted that would take the host "
        "there. Default: 2%, at least 160Mi.",
        examples=["2%", "512Mi"],
    )
    pressure_above: float = Field(
        default=10.0,
        ge=0,
        le=100,
        description="While tasks on the host wait for memory for more than this percentage of the time (PSI "
        'memory "some" avg10), or the host swaps, `pressureReserve` is kept available as well.',
        examples=[10],
    )
    pressure_reserve: Memory = Field(
        default=Amount(percent=4),
        description="Added to `growAbove` and `reclaimBelow` while the host is under pressure.",
        examples=["4%", "1Gi"],
    )

    @model_validator(mode="after")
    def _levels_are_ordered(self) -> Self:
        levels = {
            "growAbove": self.grow_above,
            "reclaimBelow": self.reclaim_below,
            "criticalBelow": self.critical_below,
        }
        names = list(levels)
        for index, upper in enumerate(names):
            for lower in names[index + 1 :]:
                _refuse_reversed(upper, levels[upper], lower, levels[lower])
        return self

    def to_thresholds(self) -> policy.HostThresholds:
        """Return the thresholds as the planner reads them."""
        return policy.HostThresholds(
            grow_above=self.grow_above,
            reclaim_below=self.reclaim_below,
            critical_below=self.critical_below,
            pressure_above=self.pressure_above,
            pressure_reserve=self.pressure_reserve,
        )


def _refuse_reversed(upper: str, high: Amount | None, lower: str, low: Amount | None) -> None:
    """Raise ValueError when a level is below the one it must not be below, where the two can be compared.

    A size and a percentage cannot. Of two levels that are not given nothing can be wrong; one that is not
    given counts with its default percentage, so that a level which would be silently overruled is refused.
    """
    if high is None and low is None:
        return
    high, low = (
        amount if amount is not None else Amount(percent=DEFAULT_PERCENT[name])
        for name, amount in ((upper, high), (lower, low))
    )
    if high.percent is not None and low.percent is not None:
        reversed_ = high.percent < low.percent
    else:
        reversed_ = high.size is not None and low.size is not None and high.size < low.size
    if reversed_:
        raise ValueError(REVERSED.format(upper=upper, high=high, lower=lower, low=low))


class GuestThresholds(Part):
    """When a guest counts as starved: little usable memory, and faults or swapping to show for it."""

    usable_below: Percentage = Field(
        default=10.0,
        description="Less usable memory than this percentage of what the guest has now.",
        examples=["10%"],
    )
    major_faults_per_second: float = Field(
        default=50.0, ge=0, le=1_000_000, description="More major faults than this.", examples=[50]
    )
    swap_in_per_second: Size = Field(
        default=MIB, description="More swapped in than this per second.", examples=["1Mi"]
    )

    def to_thresholds(self) -> policy.GuestThresholds:
        """Return the thresholds as the planner reads them."""
        return policy.GuestThresholds(
            usable_below=self.usable_below,
            major_faults_per_second=self.major_faults_per_second,
            swap_in_per_second=self.swap_in_per_second,
        )


class Thresholds(Part):
    """The numbers that say when to act; the shipped alerts use the same."""

    host: HostThresholds = Field(
        default=HostThresholds(),
        description="Levels of the host's memory. A percentage is of the host's memory, or of the budget "
        "where there is one.",
    )
    guest: GuestThresholds = Field(
        default=GuestThresholds(),
        description="When a guest counts as starved: `usableBelow`, and one of the other two.",
    )

"""How large the demo is played, and by which policy."""

import pytest

from ballonet.errors import ConfigError
from ballonet.manifests import manifest
from ballonet.policy import Mode, Reserves
from ballonet.quantity import GIB, MIB, Amount
from ballonet_cli.demo.policy import policy_text
from ballonet_cli.demo.size import LARGEST, SMALLEST, Size, chosen, fitting


@pytest.mark.parametrize(
    ("available", "processors", "maximum"),
    [
        pytest.param(12 * GIB, 2, 2 * GIB, id="the textbook's"),
        pytest.param(10 * GIB, 2, 2 * GIB, id="just enough"),
        pytest.param(10 * GIB - 1, 2, GIB, id="not quite enough"),
        pytest.param(12 * GIB, 1, GIB, id="one processor"),
        pytest.param(3 * GIB, 1, 512 * MIB, id="a small machine"),
    ],
)
def test_the_demo_is_as_large_as_the_machine_allows_and_says_why(
    available: int, processors: int, maximum: int
) -> None:
    size = fitting(available, processors)

    assert size.maximum == maximum
    assert bool(size.why) == (maximum < LARGEST)


@pytest.mark.parametrize(
    ("maximum", "kernel"),
    [
        pytest.param(LARGEST, 180 * MIB, id="2Gi"),
        pytest.param(LARGEST // 2, 140 * MIB, id="1Gi"),
        pytest.param(SMALLEST, 80 * MIB, id="512Mi"),
    ],
)
def test_every_size_fits_its_budget_with_three_guests_at_work(maximum: int, kernel: int) -> None:
    size = Size(maximum=maximum)
    policy = manifest.parse(policy_text(size, Mode.ENFORCE))[0].to_policy()

    idle = 3 * policy.floor.of(maximum)
    busy = 3 * (size.load + kernel + max(16 * MIB, maximum // 100))

    assert idle + busy <= size.budget - policy.host_thresholds.reserves(size.budget).grow
    assert size.promised * 2 == size.budget * 3


def test_a_machine_that_is_too_small_is_told_so() -> None:
    with pytest.raises(ConfigError, match=r"needs 2\.5Gi of available memory, and this machine has 1Gi"):
        fitting(GIB, 2)


@pytest.mark.parametrize(
    ("maximum", "complaint"),
    [
        pytest.param(3 * GIB, "out of range", id="too large"),
        pytest.param(256 * MIB, "out of range", id="too small"),
        pytest.param(2 * GIB, "need 10Gi of available memory", id="more than there is"),
    ],
)
def test_a_size_that_cannot_be_played_is_refused(maximum: int, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        chosen(maximum, 4 * GIB)


def test_the_policy_is_the_default_one_at_full_size() -> None:
    full = manifest.parse(policy_text(Size(maximum=LARGEST), Mode.OBSERVE))[0].to_policy()

    assert full.mode is Mode.OBSERVE
    assert full.floor == Amount(percent=25)
    assert full.host_thresholds.reserves(8 * GIB) == Reserves(
        grow=640 * MIB, reclaim=400 * MIB, critical=8 * GIB * 2 // 100
    )

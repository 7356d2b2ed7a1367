"""Whom a policy means, which policy owns a guest, and what its thresholds come to."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.policy import HostThresholds, Requirement, Reserves, Selector, by_precedence, owner
from ballonet.quantity import GIB, MIB, Amount
from worlds import guest, policy, thresholds

LABELS = (("tier", "web"), ("team", "blue"))


@pytest.mark.parametrize(
    ("total", "reserves"),
    [
        pytest.param(
            4 * GIB, Reserves(grow=640 * MIB, reclaim=400 * MIB, critical=160 * MIB), id="a-small-host"
        ),
        pytest.param(
            256 * GIB,
            Reserves(grow=256 * GIB * 6 // 100, reclaim=256 * GIB * 4 // 100, critical=256 * GIB * 2 // 100),
            id="a-large-host",
        ),
    ],
)
def test_a_policy_that_says_nothing_keeps_6_4_and_2_percent_but_enough_for_a_small_host(
    total: int, reserves: Reserves
) -> None:
    assert HostThresholds().reserves(total) == reserves


@pytest.mark.parametrize(
    ("given_thresholds", "reserves"),
    [
        pytest.param(
            thresholds(3 * MIB, 2 * MIB, MIB),
            Reserves(grow=3 * MIB, reclaim=2 * MIB, critical=MIB),
            id="sizes-have-no-lower-bound",
        ),
        pytest.param(
            HostThresholds(
                grow_above=Amount(percent=30),
                reclaim_below=Amount(percent=20),
                critical_below=Amount(percent=10),
            ),
            Reserves(grow=3000, reclaim=2000, critical=1000),
            id="percent",
        ),
        pytest.param(
            thresholds(100, 200, 300),
            Reserves(grow=300, reclaim=300, critical=300),
            id="out-of-order-the-critical-level-lifts-the-others",
        ),
        pytest.param(thresholds(0, 0, 0), Reserves(grow=0, reclaim=0, critical=0), id="nothing-at-all"),
        pytest.param(
            HostThresholds(reclaim_below=Amount(size=GIB)),
            Reserves(grow=GIB, reclaim=GIB, critical=160 * MIB),
            id="one-alone-lifts-the-default-above-it",
        ),
    ],
)
def test_what_a_policy_says_is_what_it_gets(given_thresholds: HostThresholds, reserves: Reserves) -> None:
    assert given_thresholds.reserves(10_000) == reserves


@given(
    st.tuples(*[st.none() | st.builds(lambda size: Amount(size=size), st.integers(0, 100 * GIB))] * 3),
    st.integers(0, 2**50),
)
def test_to_grow_never_takes_less_than_to_reclaim_nor_that_less_than_critical(
    levels: tuple[Amount | None, Amount | None, Amount | None], memory: int
) -> None:
    grow, reclaim, critical = levels
    reserves = HostThresholds(grow_above=grow, reclaim_below=reclaim, critical_below=critical).reserves(
        memory
    )
    assert reserves.grow >= reserves.reclaim >= reserves.critical >= 0


def test_pressure_raises_both_reserves_and_not_the_critical_level() -> None:
    assert Reserves(grow=6, reclaim=4, critical=2).raised(10) == Reserves(grow=16, reclaim=14, critical=2)


@pytest.mark.parametrize(
    ("requirement", "accepted"),
    [
        (Requirement(key="tier", operator="In", values=("web", "db")), True),
        (Requirement(key="tier", operator="In", values=("db",)), False),
        (Requirement(key="zone", operator="In", values=("web",)), False),
        (Requirement(key="tier", operator="NotIn", values=("web",)), False),
        (Requirement(key="tier", operator="NotIn", values=("db",)), True),
        (Requirement(key="zone", operator="NotIn", values=("web",)), True),
        (Requirement(key="tier", operator="Exists"), True),
        (Requirement(key="zone", operator="Exists"), False),
        (Requirement(key="tier", operator="DoesNotExist"), False),
        (Requirement(key="zone", operator="DoesNotExist"), True),
    ],
    ids=lambda value: f"{value.operator}-{value.key}" if isinstance(value, Requirement) else str(value),
)
def test_labels_meet_a_requirement_as_kubernetes_defines_it(requirement: Requirement, accepted: bool) -> None:  # noqa: FBT001
    assert requirement.accepts(dict(LABELS)) is accepted


@pytest.mark.parametrize(
    ("selector", "accepted"),
    [
        pytest.param(Selector(), True, id="an-empty-one-means-everybody"),
        pytest.param(Selector(names=("web-*",)), True, id="a-pattern"),
        pytest.param(Selector(names=("db-*", "web-?")), True, id="one-of-two-patterns"),
        pytest.param(Selector(names=("WEB-*",)), False, id="case-matters"),
        pytest.param(Selector(names=("web",)), False, id="the-whole-name"),
        pytest.param(Selector(namespaces=("prod",)), True, id="its-namespace"),
        pytest.param(Selector(namespaces=("test",)), False, id="another-namespace"),
        pytest.param(Selector(names=("web-*",), namespaces=("test",)), False, id="every-part-must-match"),
        pytest.param(
            Selector(
                requirements=(
                    Requirement(key="tier", operator="Exists"),
                    Requirement(key="team", operator="In", values=("red",)),
                )
            ),
            False,
            id="every-requirement-must-match",
        ),
    ],
)
def test_a_selector_means_what_all_its_parts_mean(selector: Selector, accepted: bool) -> None:  # noqa: FBT001
    assert selector.accepts("web-1", LABELS, "prod") is accepted


def test_a_policy_selects_by_what_is_known_of_the_guest() -> None:
    labelled = guest("web-1", namespace="prod", labels=(("tier", "web"),))
    named = policy(
        guests=Selector(
            names=("web-*",),
            namespaces=("prod",),
            requirements=(Requirement(key="tier", operator="In", values=("web",)),),
        )
    )
    assert named.selects(labelled)
    assert not named.selects(guest("web-1"))


PRECEDENCE = [
    policy("highest", priority=9, created=5.0),
    policy("oldest", priority=1, created=1.0),
    policy("a-younger", priority=1, created=2.0),
    policy("b-younger", priority=1, created=2.0),
    policy("lowest", priority=-1, created=0.0),
]


@pytest.mark.parametrize(
    "order", list(permutations(range(5)))[::7], ids=lambda order: "".join(map(str, order))
)
def test_priority_then_age_then_name_decides_in_whatever_order_policies_come(order: tuple[int, ...]) -> None:
    assert by_precedence(PRECEDENCE[index] for index in order) == PRECEDENCE


def test_the_first_policy_that_selects_a_guest_owns_it() -> None:
    only_db, everybody = policy("db", priority=5, guests=Selector(names=("db",))), policy("rest")
    ordered = by_precedence([everybody, only_db])
    assert owner(guest("db"), ordered) is only_db
    assert owner(guest("web"), ordered) is everybody
    assert owner(guest("web"), [only_db]) is None

"""When a status is written: at once, soon, later, never."""

from typing import Any

import pytest

from ballonet.manifests.v1alpha1_status import PolicyStatus
from ballonet_operator.controller.aggregation import statuses
from ballonet_operator.controller.policy_facts import read_status
from ballonet_operator.controller.publication import CALM, SHORTEST, Written, due
from controller_parts import NOON, facts, host_object, observed, overruling, standing


def status(*told: dict[str, Any], generation: int = 1) -> PolicyStatus:
    hosts = [standing(host_object(f"kvm-{number}", each)) for number, each in enumerate(told)]
    return statuses([facts("web", generation=generation)], hosts, now=NOON)["web"]


FEW = status(observed(guests={"owned": 1}))
MORE = status(observed(guests={"owned": 2}))
ANOTHER_HOST = status(observed(), observed())
BEHIND = status(observed(generation=2))
RENEWED = status(observed(generation=2), generation=2)


@pytest.mark.parametrize(
    ("seen", "found", "expected"),
    [
        pytest.param(FEW, FEW, None, id="the same"),
        pytest.param(FEW, MORE, 100 + CALM, id="counts"),
        pytest.param(FEW, ANOTHER_HOST, 100 + CALM, id="a sentence"),
        pytest.param(FEW, BEHIND, 100 + SHORTEST, id="a condition"),
        pytest.param(FEW, RENEWED, 100 + SHORTEST, id="another generation"),
    ],
)
def test_after_a_write(seen: PolicyStatus, found: PolicyStatus, expected: float | None) -> None:
    written = Written(at=100.0, sent=seen, stored=seen)
    assert due(seen, found, written) == expected


def test_what_was_never_written_by_us_is_written_at_once() -> None:
    assert due(PolicyStatus(), FEW, None) == float("-inf")
    assert due(MORE, FEW, None) == float("-inf")
    assert due(FEW, FEW, None) is None


def test_an_older_crd_that_drops_fields_is_not_written_to_again_and_again() -> None:
    stored = FEW.model_copy(update={"guests": PolicyStatus().guests})
    assert due(stored, FEW, Written(at=100.0, sent=FEW, stored=stored)) is None
    assert due(stored, MORE, Written(at=100.0, sent=FEW, stored=stored)) == 100 + CALM


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({}, True, id="as written"),
        pytest.param({"overruledBy": overruling(a=1, b=3)}, True, id="another order"),
        pytest.param({"later": 1}, True, id="a field of a later version"),
        pytest.param({"hosts": 7}, False, id="another number"),
        pytest.param({"hosts": "many"}, False, id="what nobody can read"),
        pytest.param({"conditions": []}, False, id="no conditions"),
    ],
)
def test_a_status_is_compared_by_what_it_says(change: dict[str, Any], same: bool) -> None:  # noqa: FBT001
    found = status(observed(overruledBy=overruling(a=1, b=3)))
    assert (read_status(found.document() | change) == found) is same


def test_conditions_of_others_are_left_alone() -> None:
    document = FEW.document()
    document["conditions"].insert(0, {**document["conditions"][0], "type": "Blessed"})
    assert read_status(document) == FEW

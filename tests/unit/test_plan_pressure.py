"""When a host counts as pressed: by the thresholds of the policies that own guests on it."""

from dataclasses import replace

import pytest

from agent_parts import cycle, hypervisor
from ballonet.host import Pressure
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.policy import HostThresholds, Policy, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet_operator.node.host_status import host_status
from ballonet_operator.thresholds import reserves_raised
from host_reports import recent
from worlds import Story, decide, guest, host, policy, view

WAITING = Pressure(avg10=12.0, avg60=0, avg300=0, total=0)


def patient(above: float, name: str = "all", guests: str = "*", **fields: object) -> Policy:
    """Return a policy whose reserves are raised above so much pressure."""
    limits = HostThresholds(pressure_above=above, **fields)  # type: ignore[arg-type]
    return policy(name, guests=Selector(names=(guests,)), host_thresholds=limits)


@pytest.mark.parametrize(
    ("policies", "pressed"),
    [
        pytest.param([patient(15.0)], False, id="a policy that bears more than the default"),
        pytest.param([patient(12.0)], False, id="just what it bears"),
        pytest.param([patient(11.0)], True, id="more than it bears"),
        pytest.param([patient(15.0), patient(11.0, "aa", "a")], True, id="one of two owners"),
        pytest.param([patient(15.0), patient(11.0, "elsewhere", "b")], False, id="a policy without guests"),
        pytest.param(
            [patient(11.0, pressure_reserve=Amount(size=0))], False, id="a policy that raises them by nothing"
        ),
        pytest.param([patient(11.0, "elsewhere", "b")], False, id="nobody owns a guest"),
    ],
)
def test_a_host_is_pressed_where_a_policy_that_owns_guests_here_says_so(
    policies: list[Policy],
    pressed: bool,  # noqa: FBT001
) -> None:
    assert decide(view(guest("a"), guest("c"), some=WAITING), *policies).pressed is pressed


def test_while_guests_are_released_the_default_thresholds_say_so() -> None:
    story = Story(policies=(patient(15.0),))
    shrunk = guest("a", actual=GIB // 2)
    assert not story.then(shrunk, some=WAITING).pressed
    story.policies = ()

    assert story.then(shrunk, some=WAITING).pressed
    assert not story.then(shrunk).pressed


def test_a_host_that_swaps_is_pressed_whoever_owns_its_guests() -> None:
    story = Story(policies=(patient(15.0, "elsewhere", "b"),))
    story.then(guest("a"), swapped_out=0)

    assert story.then(guest("a"), swapped_out=GIB).pressed


@pytest.mark.parametrize("above", [15.0, 11.0])
def test_plan_status_condition_and_metric_agree(above: float) -> None:
    waiting = replace(host(available=3 * GIB, total=4 * GIB), some=WAITING)
    found = cycle(hypervisor(guest("a")), waiting, [patient(above)]).run_once()
    status = host_status(recent(found), HostStatus(), "kvm-1", (), now=0.0)

    assert found.plan is not None
    levels = found.plan.in_force
    raised = levels.reclaim > 400 * MIB
    assert raised is (above < WAITING.avg10)
    assert found.plan.pressed is raised
    assert status.reserves.raised is raised
    assert reserves_raised(found) is raised
    assert {each.type: each.status == "True" for each in status.conditions}["MemoryPressure"] is raised

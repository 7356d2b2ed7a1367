"""What the controller says of itself: metrics, probes, pages."""

import subprocess

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ballonet.web.message import Request
from ballonet_operator.controller.health import PATIENCE, Condition, alive, ready
from ballonet_operator.controller.metrics import (
    TABLE,
    ControllerCollector,
    Snapshot,
    conditions_of_hosts,
    conditions_of_policies,
    registry,
)
from ballonet_operator.controller.pages import routes
from ballonet_operator.controller.record import Record
from ballonet_operator.controller.world import World
from controller_parts import host_object, policy_object

ACCEPTED = {
    "conditions": [
        {
            "type": "Accepted",
            "status": "True",
            "reason": "Accepted",
            "message": "",
            "lastTransitionTime": "2027-01-15T08:00:00Z",
        }
    ]
}


def busy() -> Snapshot:
    """Return the snapshot of a controller that has done a little of everything."""
    record, world = Record(), World()
    record.reconciled("complete", duration=0.25, now=1_000_000.0)
    record.wrote("status", good=True)
    record.removed()
    world.policies.heal([policy_object("web", status=ACCEPTED), policy_object("new")])
    world.hosts.heal(
        [host_object("kvm-1"), host_object("kvm-2", connected="False"), host_object("new", connected=None)]
    )
    return Snapshot(
        leading=True,
        watching=True,
        policies=conditions_of_policies(world),
        hosts=conditions_of_hosts(world),
        objects={"balloonhosts": len(world.hosts)},
        listed={"balloonhosts": 999_999.0},
        list_failures=1,
        deeds=record.deeds(),
    )


def exposition(snapshot: Snapshot) -> str:
    made = CollectorRegistry(auto_describe=False)
    made.register(ControllerCollector(lambda: snapshot))
    return generate_latest(made).decode()


def series(text: str, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"ballonet_controller_{name}"
    }


def test_objects_are_counted_by_condition_and_those_without_are_unknown() -> None:
    text = exposition(busy())
    policies, hosts = series(text, "policies"), series(text, "hosts")
    assert {key: value for key, value in policies.items() if value} == {
        ("Accepted", "True"): 1, ("Accepted", "Unknown"): 1, ("Ready", "Unknown"): 2,
    }  # fmt: skip
    assert {key: value for key, value in hosts.items() if key[0] == "HypervisorConnected"} == {
        ("HypervisorConnected", "True"): 1,
        ("HypervisorConnected", "False"): 1,
        ("HypervisorConnected", "Unknown"): 1,
    }


def test_every_family_of_the_table_has_series_and_none_another() -> None:
    text = exposition(busy())
    names = {family.name.removeprefix("controller_") for family in TABLE}
    assert {name for name in names if not series(text, name)} == set()


def test_before_anything_happened_only_what_is_true_is_said() -> None:
    text = exposition(Snapshot(deeds=Record().deeds()))
    assert series(text, "leader") == {(): 0.0}
    assert series(text, "reconcile_duration_seconds") == {}
    assert series(text, "writes_total")["status", "written"] == 0


def test_promtool_finds_nothing_to_say() -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=exposition(busy()), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("found", "healthy", "able"),
    [
        pytest.param(
            Condition(leading=True), (True, "healthy"), (True, "ready: leading"), id="leading"
        ),
        pytest.param(
            Condition(holder="other"),
            (True, "healthy"),
            (True, "ready: standing by, other leads"),
            id="standing by",
        ),
        pytest.param(
            Condition(unlisted=("nodes",)),
            (True, "healthy"),
            (False, "not ready: not listed yet: nodes"),
            id="starting",
        ),
        pytest.param(
            Condition(watching=False),
            (True, "healthy"),
            (False, "not ready: the API server tells of no changes"),
            id="the watch is interrupted",
        ),
        pytest.param(
            Condition(leading=True, problem="connection refused"),
            (True, "healthy"),
            (False, "not ready: statuses are not written: connection refused"),
            id="the API server is away",
        ),
        pytest.param(
            Condition(lease="no namespace nothere"),
            (True, "healthy"),
            (False, "not ready: nobody is known to lead: no namespace nothere"),
            id="nobody can lead",
        ),
        pytest.param(
            Condition(dead=("the watch",)),
            (False, "broken: the watch ended"),
            (False, "broken: the watch ended"),
            id="a thread died",
        ),
        pytest.param(
            Condition(busy=PATIENCE + 1),
            (False, "stalled: reconciling for 121 s"),
            (False, "stalled: reconciling for 121 s"),
            id="stuck",
        ),
    ],
)  # fmt: skip
def test_probes(found: Condition, healthy: tuple[bool, str], able: tuple[bool, str]) -> None:
    assert (alive(found), ready(found)) == (healthy, able)


def test_pages_answer_by_the_probes_and_lead_everywhere() -> None:
    pages = routes(registry(busy), lambda: Condition(unlisted=("nodes",)), "/metrics")
    found = {path: handle(Request(path=path, headers={})) for path, handle in pages.items()}
    assert {path: answer.status for path, answer in found.items()} == {
        "/": 200, "/metrics": 200, "/-/healthy": 200, "/-/ready": 503,
    }  # fmt: skip
    assert b"process_resident_memory_bytes" in found["/metrics"].body
    assert all(f'href="{path}"' in found["/"].body.decode() for path in pages if path != "/")

"""BalloonPolicy objects as the agent keeps them: seen by a watch, healed by lists, refused or in force."""

from collections.abc import Iterator
from typing import Any

import pytest

from ballonet.apiserver import Json
from ballonet_operator.policy_objects import PolicyObjects


def thing(name: str, generation: int = 1, uid: str = "", **spec: Any) -> Json:
    """Return an object as an API server has it."""
    return {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonPolicy",
        "metadata": {
            "name": name,
            "uid": uid or f"uid-{name}",
            "generation": generation,
            "resourceVersion": str(100 + generation),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"note": "of no use here"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply"}],
        },
        "spec": spec,
        "status": {"observedGeneration": generation, "conditions": []},
    }


@pytest.fixture
def objects(caplog: pytest.LogCaptureFixture) -> PolicyObjects:
    """One policy, as a full list at the start has it."""
    caplog.set_level("INFO")
    objects = PolicyObjects()
    objects.inventory.heal([thing("web", priority=1)])
    objects.look()
    caplog.clear()
    return objects


def priorities(objects: PolicyObjects) -> dict[str, int]:
    return {name: entry.policy.priority for name, entry in objects.look().entries.items()}


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return messages


def test_a_change_is_followed_and_said_once(objects: PolicyObjects, caplog: pytest.LogCaptureFixture) -> None:
    assert (priorities(objects), said(caplog)) == ({"web": 1}, [])
    objects.inventory.seen(thing("db", priority=2))
    assert (priorities(objects), said(caplog)) == ({"db": 2, "web": 1}, ["policy known"])
    objects.inventory.seen(thing("web", 2, priority=3))
    assert (priorities(objects), said(caplog)) == ({"db": 2, "web": 3}, ["policy changed"])
    objects.inventory.gone(thing("web", 2))
    assert (priorities(objects), said(caplog)) == ({"db": 2}, ["policy removed"])
    assert [entry.generation for entry in objects.look().entries.values()] == [1]


def test_the_page_is_the_same_while_nothing_changes(objects: PolicyObjects) -> None:
    before = objects.look()
    objects.inventory.seen(thing("web", priority=1) | {"status": {"observedGeneration": 1}})
    assert objects.look() is before


def test_a_version_that_cannot_be_used_leaves_the_last_good_one_in_force(
    objects: PolicyObjects, caplog: pytest.LogCaptureFixture
) -> None:
    objects.inventory.seen(thing("web", 2, priority="high"))
    page = objects.look()
    assert priorities(objects) == {"web": 1}
    (reason,) = page.refused["web"]
    assert reason.startswith("spec.priority: ")
    (line,) = caplog.records
    assert (line.levelname, line.getMessage(), line.__dict__["policy"], line.__dict__["still_in_force"]) == (
        "WARNING",
        "policy refused",
        "web",
        "web",
    )
    caplog.clear()
    objects.inventory.seen(thing("web", 3, priority=5))
    assert (objects.look().refused, priorities(objects)) == ({}, {"web": 5})
    assert said(caplog) == ["policy mended", "policy changed"]


@pytest.mark.parametrize(
    "spec",
    [
        {"speed": 9},
        {"priority": 10**9},
        {"thresholds": {"host": {"growAbove": "1Gi", "reclaimBelow": "2Gi"}}},
    ],
    ids=["unknown field", "out of bounds", "reserves in the wrong order"],
)
def test_an_object_that_was_never_good_is_refused(objects: PolicyObjects, spec: Json) -> None:
    objects.inventory.seen(thing("bad", **spec))
    page = objects.look()
    assert (set(page.refused), set(page.entries)) == ({"bad"}, {"web"})
    objects.inventory.gone(thing("bad"))
    assert objects.look().refused == {}


def test_a_name_that_is_made_anew_starts_without_the_last_good_version(objects: PolicyObjects) -> None:
    objects.inventory.gone(thing("web"))
    objects.inventory.seen(thing("web", 1, uid="another", priority="high"))
    assert (priorities(objects), set(objects.look().refused)) == ({}, {"web"})


def test_an_older_version_never_replaces_a_newer_one(objects: PolicyObjects) -> None:
    objects.inventory.seen(thing("web", 3, priority=3))
    objects.inventory.seen(thing("web", 2, priority=2))
    assert priorities(objects) == {"web": 3}
    objects.inventory.heal([thing("web", 2, priority=2)])
    assert priorities(objects) == {"web": 3}


def test_a_list_drops_what_a_watch_never_said_was_deleted(
    objects: PolicyObjects, caplog: pytest.LogCaptureFixture
) -> None:
    objects.inventory.heal([thing("db", priority=2)])
    assert (priorities(objects), said(caplog)) == ({"db": 2}, ["policy known", "policy removed"])


def test_what_the_watch_tells_while_a_list_is_read_is_right(objects: PolicyObjects) -> None:
    def slow_list() -> Iterator[Json]:
        yield thing("db", priority=2)
        objects.inventory.gone(thing("web", priority=1))
        objects.inventory.seen(thing("new", priority=7))
        objects.inventory.seen(thing("db", 2, priority=4))
        yield thing("web", priority=1)

    objects.inventory.heal(slow_list())
    assert priorities(objects) == {"new": 7, "db": 4}


def test_nothing_is_complete_before_a_list_was_read_to_its_end() -> None:
    objects = PolicyObjects()
    objects.inventory.seen(thing("web"))
    assert not objects.inventory.complete

    def broken() -> Iterator[Json]:
        yield thing("web")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        objects.inventory.heal(broken())
    assert not objects.inventory.complete
    objects.inventory.heal([])
    assert (objects.inventory.complete, priorities(objects)) == (True, {})

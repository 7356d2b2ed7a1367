"""Objects as last seen, by a watch that may miss deletes and by lists that may be old."""

from collections.abc import Callable, Iterator

import pytest

from ballonet.apiserver import Json
from ballonet.errors import ApiServerUnreachable
from ballonet_operator.inventory import Inventory


def thing(name: str, value: int = 0, uid: str = "") -> Json:
    return {"metadata": {"name": name, "uid": uid or f"uid-{name}"}, "value": value}


def inventory(changed: Callable[[], None] = lambda: None) -> Inventory[int]:
    """Return one that keeps a number of each object."""
    return Inventory(lambda each, _: int(each["value"]), changed)


def during(*steps: Callable[[], None] | Json) -> Iterator[Json]:
    """Return a list of objects that is read page by page, while other things happen."""
    for step in steps:
        if callable(step):
            step()
        else:
            yield step


def test_a_change_is_told_once() -> None:
    told: list[str] = []
    found = inventory(lambda: told.append("changed"))
    for value in (1, 1, 2):
        found.seen(thing("a", value))
    assert (len(told), found.changes(), found.changes(), found.all()) == (2, {"a"}, set(), {"a": 2})


def test_a_full_list_drops_what_it_does_not_have() -> None:
    found = inventory()
    found.seen(thing("a"))
    found.seen(thing("b"))
    found.changes()
    assert not found.complete
    found.heal([thing("b"), thing("c", 3)])
    assert (found.all(), found.changes(), found.complete) == ({"b": 0, "c": 3}, {"a", "c"}, True)


def test_an_empty_list_is_complete_and_told() -> None:
    told: list[str] = []
    found = inventory(lambda: told.append("changed"))
    found.heal([])
    found.heal([])
    assert (found.complete, told) == (True, ["changed"])


@pytest.mark.parametrize(
    ("begin", "meanwhile", "expected"),
    [
        pytest.param((), lambda found: found.seen(thing("new", 1)), {"listed": 1, "new": 1}, id="made"),
        pytest.param(
            (thing("listed", 1),), lambda found: found.gone(thing("listed")), {}, id="deleted before its page"
        ),
        pytest.param(
            (), lambda found: found.seen(thing("listed", 2)), {"listed": 2}, id="changed before its page"
        ),
        pytest.param(
            (thing("old", 1),), lambda found: found.seen(thing("old", 2)), {"listed": 1, "old": 2}, id="kept"
        ),
    ],
)
def test_the_watch_is_right_where_a_list_contradicts_it(
    begin: tuple[Json, ...], meanwhile: Callable[[Inventory[int]], None], expected: dict[str, int]
) -> None:
    found = inventory()
    for each in begin:
        found.seen(each)
    found.heal(during(lambda: meanwhile(found), thing("listed", 1)))
    assert found.all() == expected


def test_what_happens_after_a_page_was_read_counts() -> None:
    found = inventory()
    found.heal(during(thing("a"), lambda: found.gone(thing("a")), thing("b")))
    assert found.all() == {"b": 0}


def test_the_end_of_an_object_is_not_that_of_its_namesake() -> None:
    found = inventory()
    found.seen(thing("a", 1, uid="first"))
    found.seen(thing("a", 2, uid="second"))
    found.gone(thing("a", uid="first"))
    assert found.get("a") == 2
    found.gone(thing("a", uid="second"))
    assert found.get("a") is None


def test_what_was_kept_of_a_namesake_is_not_handed_on() -> None:
    given: list[int | None] = []

    def summary(each: Json, before: int | None) -> int:
        given.append(before)
        return int(each["value"])

    found = Inventory(summary)
    for value, uid in ((1, "first"), (2, "first"), (3, "second")):
        found.seen(thing("a", value, uid))
    assert given == [None, 1, None]


def test_a_list_that_ends_early_drops_nothing() -> None:
    found = inventory()
    found.seen(thing("a"))

    def fail() -> None:
        raise ApiServerUnreachable("connection refused")

    with pytest.raises(ApiServerUnreachable):
        found.heal(during(thing("b"), fail))
    assert (set(found.all()), found.complete) == ({"a", "b"}, False)
    found.heal([thing("b")])
    assert set(found.all()) == {"b"}


def test_the_answer_to_a_write_brings_nothing_back() -> None:
    found = inventory()
    found.seen(thing("a", 1))
    found.answered(thing("a", 2))
    assert found.get("a") == 2
    found.answered(thing("a", 3, uid="another"))
    found.gone(thing("a"))
    found.answered(thing("a", 4))
    assert found.all() == {}

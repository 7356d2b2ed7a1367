"""Small things that commands share: names made harmless, lengths of time, finding guests, keys."""

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.errors import ConfigError
from ballonet.history import History
from ballonet.plan import plan
from ballonet.policy import Policy
from ballonet_cli import keys
from ballonet_cli.documents import Value, decision_document, guest_document, plan_document
from ballonet_cli.durations import format_duration, parse_duration, parse_pause
from ballonet_cli.lookup import find
from ballonet_cli.printable import logfmt_value, name_text, printable
from herd import HOSTILE, herd, instant
from worlds import NOW, guest


@given(st.text())
def test_no_text_keeps_a_character_that_acts_on_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text())
def test_a_logfmt_value_is_one_word_or_quoted(text: str) -> None:
    value = logfmt_value(text)

    assert "\n" not in value
    assert " " not in value or (value[0] == '"' == value[-1])


def test_a_name_that_looks_like_markup_is_printed_as_it_is() -> None:
    assert name_text("[red]a[/red]").plain == "[red]a[/red]"
    assert name_text(HOSTILE).plain == r"[bold]x[/bold]\x1b[2J\n\u202egnp.exe"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("2d", 172800), ("500ms", 0.5), ("30m", 1800)]
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "1", "1h 30m", "-1h", "9999d", "5y", "1ms"])
def test_what_is_no_sensible_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write for example|at most 366d"):
        parse_duration(text)


def test_a_pause_may_be_nothing() -> None:
    assert parse_pause("0") == 0
    assert parse_pause("3s") == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (-5, "0s"), (59.6, "1m"), (3600, "1h"), (3661, "1h 1m"), (90061, "1d 1h")],
)
def test_lengths_of_time_are_written_with_two_units(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


def test_a_guest_is_found_by_name_and_by_uuid() -> None:
    assert find(herd(), "web-1").name == "web-1"
    assert find(herd(), "UUID-DB").name == "db"


def test_a_name_wins_over_the_same_uuid() -> None:
    named = guest("uuid-b")

    assert find([guest("b"), named], "uuid-b") is named


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param("wbe-1", "did you mean 'web-1'", id="letters swapped"),
        pytest.param("WEB-1", "did you mean 'web-1'", id="wrong case"),
        pytest.param("web", "'web-1'", id="a part of it"),
        pytest.param("quite-another", "see `ballonet list --all`", id="nothing near"),
    ],
)
def test_an_unknown_guest_is_answered_with_near_names(wanted: str, words: str) -> None:
    with pytest.raises(ConfigError, match="there is no guest") as caught:
        find(herd(), wanted)

    assert words in str(caught.value)


def test_a_suggested_name_is_escaped() -> None:
    with pytest.raises(ConfigError, match="did you mean") as caught:
        find(herd(), "[bold]x[/bold]")

    assert str(caught.value).isprintable()


def paths(value: Value, path: str = "") -> set[str]:
    """Return the path of every key below a document."""
    if isinstance(value, Mapping):
        below = ({f"{path}.{key}".lstrip(".")} | paths(item, f"{path}.{key}") for key, item in value.items())
        return set().union(*below)
    return set()


def test_every_key_of_a_guest_is_documented() -> None:
    documents = [guest_document(guest, NOW) for guest in herd()]
    found = set().union(*(paths(document) for document in documents))

    assert found == {key.removesuffix("[]") for key in keys.GUEST}


def test_every_key_of_a_decision_is_documented() -> None:
    made = plan(instant(), [Policy(name="all")], History(), cycle=2.0)
    found = set().union(*(paths(decision_document(decision)) for decision in made.decisions))

    assert found == set(keys.DECISION)


def test_every_key_of_a_plan_is_documented() -> None:
    made = plan(instant(), [Policy(name="POLICY")], History(), cycle=2.0)
    document = plan_document(made, instant().host)

    assert paths(document) - {"reserves.POLICY"} == {key.removesuffix("[]") for key in keys.PLAN}
    assert isinstance(document["decisions"], Sequence)


def test_sizes_in_documents_are_whole_bytes() -> None:
    made = plan(instant(), [Policy(name="all")], History(), cycle=2.0)
    text = json.dumps(plan_document(made, instant().host))

    def check(pairs: list[tuple[str, object]]) -> None:
        for key, value in pairs:
            assert not key.endswith("_bytes") or value is None or type(value) is int

    json.loads(text, object_pairs_hook=check)

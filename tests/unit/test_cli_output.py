"""What the commands print, compared with golden files made from a fixed herd."""

from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from ballonet.decision import Plan
from ballonet.history import History
from ballonet.plan import plan
from ballonet.policy import Policy, Selector
from ballonet.quantity import Amount
from ballonet_cli.documents import decision_document, guest_document, plan_document, render
from ballonet_cli.explanation import explanation
from ballonet_cli.guest_card import guest_card
from ballonet_cli.guest_table import guest_table
from ballonet_cli.order import Order
from ballonet_cli.plan_table import plan_summary, plan_table
from ballonet_cli.scene import scene
from ballonet_cli.tables import show
from ballonet_cli.view import Window, plain_lines
from ballonet_cli.view import render as draw
from golden import check
from herd import herd, instant
from worlds import NOW

POLICIES = (
    Policy(name="all", floor=Amount(percent=25)),
    Policy(name="web", priority=10, weight=300, guests=Selector(names=("web-*",))),
)


def printed(table: Table, width: int = 1000) -> str:
    file = StringIO()
    show(table, Console(file=file, width=width))
    return file.getvalue()


def text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def made() -> Plan:
    return plan(instant(), POLICIES, History(), cycle=2.0)


def test_list_shows_every_kind_of_guest_in_a_line() -> None:
    check("cli-list.txt", printed(guest_table(herd(), NOW)))


def test_list_wide_shows_devices_overrides_and_uuids() -> None:
    check("cli-list-wide.txt", printed(guest_table(herd(), NOW, wide=True)))


def test_list_on_a_narrow_terminal_cuts_lines_and_never_wraps_them() -> None:
    lines = printed(guest_table(herd(), NOW, wide=True), width=60).splitlines()

    assert len(lines) == len(herd()) + 1
    assert max(map(len, lines)) <= 60


def test_plan_on_a_narrow_terminal_cuts_reasons_and_never_names_or_sizes() -> None:
    whole = printed(plan_table(made())).splitlines()
    narrow = printed(plan_table(made()), width=60).splitlines()

    assert [line[:59].rstrip("… ") for line in narrow] == [line[:59].rstrip() for line in whole]


def test_show_tells_everything_about_each_kind_of_guest() -> None:
    check("cli-show.txt", "\n".join(text(guest_card(guest, NOW)) for guest in herd()))


def test_guests_as_json_and_yaml_are_ascii_with_stable_keys() -> None:
    document = {"guests": [guest_document(guest, NOW) for guest in herd()]}

    check("cli-list.json.txt", render(document, "json") + "\n")
    check("cli-list.yaml.txt", render(document, "yaml") + "\n")
    assert render(document, "json").isascii()
    assert render(document, "yaml").isascii()


def test_plan_shows_moves_first_and_sums_them_up() -> None:
    summary = text(plan_summary(made(), instant().host))

    check("cli-plan.txt", printed(plan_table(made())) + "\n" + summary)


def test_plan_as_json_holds_every_decision_with_its_numbers() -> None:
    check("cli-plan.json.txt", render(plan_document(made(), instant().host), "json") + "\n")


def test_explain_puts_every_number_into_sentences() -> None:
    told = [text(explanation(decision, made(), instant(), POLICIES)) for decision in made().decisions]

    check("cli-explain.txt", "\n".join(told))


def test_explain_says_which_policies_yield_and_why() -> None:
    web = next(decision for decision in made().decisions if decision.guest.name == "web-1")
    first, second, *_ = explanation(web, made(), instant(), POLICIES)

    assert first == "web-1 is owned by policy web (mode Enforce, priority 10)."
    assert second == "Policy all selects it too and yields: its priority is lower."


@pytest.mark.parametrize("plain", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(110, 24), (60, 12)], ids=["large", "small"])
def test_top_draws_the_host_and_its_guests(*, plain: bool, width: int, height: int) -> None:
    window = Window(width=width, height=height, order=Order.SHORT, plain=plain)
    file = StringIO()
    Console(file=file, width=width).print(draw(scene(instant(), made()), window))

    check(f"cli-top-{width}-{'ascii' if plain else 'unicode'}.txt", file.getvalue())
    assert not plain or file.getvalue().isascii()


def test_top_without_a_terminal_prints_a_line_per_guest() -> None:
    check("cli-top-lines.txt", text(plain_lines(scene(instant(), made()))))


def test_a_decision_alone_is_the_same_document_as_in_its_plan() -> None:
    whole = plan_document(made(), instant().host)

    assert whole["decisions"] == [decision_document(decision) for decision in made().decisions]

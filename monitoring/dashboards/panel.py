"""What a dashboard is, as values: panels as rows of tables, without a word of Grafana's own format.

Expressions are PromQL with two marks of ours, see ``promql``; units are the names that Grafana has for them.
How panels look is decided in ``drawing``, once for all of them; nothing here may depend on the SDK.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Alarm(Enum):
    """When a number turns red. Numbers of a policy are never repeated here: they are drawn as limits."""

    NEVER = "never"
    ANY = "any"
    BELOW_ZERO = "below zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What all panels have.

    Attributes:
        about: says what is shown and what to make of it.
        unit: of every number that has none of its own.
        width: of 24.
    """

    title: str
    about: str
    unit: str = "short"
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Panel):
    """The newest value of one expression, large.

    Attributes:
        legend: where the words are to be shown that labels have, and not the value.
        words: shows 1 and 0 as yes and no.
    """

    expr: str
    alarm: Alarm = Alarm.NEVER
    legend: str = ""
    words: bool = False
    width: int = 3
    height: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Panel):
    """Lines over time, by their legend.

    Attributes:
        limits: what the lines are to be compared with; dashed, and never part of a stack.
    """

    lines: Mapping[str, str]
    limits: Mapping[str, str] = field(default_factory=dict)
    stacked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Panel):
    """Yes and no over time, by legend, for series that are 1, or 0, or absent."""

    lines: Mapping[str, str]
    unit: str = "bool_yes_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number for each row of a table; without a title it is asked for its labels only."""

    expr: str
    title: str = ""
    unit: str = "short"
    alarm: Alarm = Alarm.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Newest values, a row for each set of labels.

    Attributes:
        keys: the labels that are shown, and what stands above them.
        sort: the title of the column to sort by; with a minus before it, the largest first.
    """

    keys: Mapping[str, str]
    columns: Sequence[Column]
    sort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]
    collapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, marked in every graph of the dashboard while the expression has a value."""

    name: str
    expr: str
    text: str
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard.

    Attributes:
        uid: by which links find it; stays for ever.
        variables: names of those in ``variables``, in order.
    """

    uid: str
    title: str
    about: str
    variables: Sequence[str]
    rows: Sequence[Row]
    events: Sequence[Event] = ()

    @property
    def panels(self) -> list[Panel]:
        """All panels in order."""
        return [panel for row in self.rows for panel in row.panels]

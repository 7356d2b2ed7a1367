"""What sizes, percentages and levels the API server refuses, in CEL: the same as ``v1alpha1_types`` and
``v1alpha1_thresholds``, in the same words.

A value that is not what its type says makes no rule fail but the one that says so: the others let it pass.
No I/O here.
"""  # noqa: D205 - one sentence.

from collections.abc import Sequence
from typing import Final

from ballonet.manifests.crd_rules import TEXT, Rule, literal, rule, selector_rules
from ballonet.manifests.v1alpha1_thresholds import DEFAULT_PERCENT, REVERSED
from ballonet.manifests.v1alpha1_types import (
    MEMORY,
    PERCENT,
    PERCENTAGE,
    POSITIVE,
    SIZE,
    SIZE_TITLE,
    WRITE_EITHER,
    WRITE_PERCENT,
    WRITE_SIZE,
)
from ballonet.quantity import LARGEST

_SHOWN: Final = f"(type(self) == string ? {TEXT} : string(self))"
_IS_SIZE: Final = f"type(self) == string && self.matches(r'^{SIZE}$')"
_IS_PERCENT: Final = f"type(self) == string && self.matches(r'^{PERCENT}$')"
_IS_EITHER: Final = f"type(self) == string && self.matches(r'^({SIZE}|{PERCENT})$')"
_NUMBER: Final = "type(self) == int && self >= 0"
_SHORTER: Final = "self.substring(0, size(self) - 1)"
_BYTES: Final = f"({_IS_SIZE} ? string(dyn(int(quantity(self).asApproximateFloat()))) : string(self))"


def _not_a_size(advice: str) -> str:
    """Return the end of the sentence, in CEL; what only has a B too much is told to go without it."""
    fits = f"type(self) == string && self.endsWith('B') && {_SHORTER}.matches(r'^{SIZE}$')"
    return f'({fits} ? "write " + {_SHORTER} : {literal(advice)})'


def _size(advice: str) -> tuple[Rule, ...]:
    return (
        rule(
            f"({_NUMBER}) || ({_IS_SIZE})",
            "{value} is not a size: {advice}",
            f"the value is not a size: {advice}",
            value=_SHOWN,
            advice=_not_a_size(advice),
        ),
        _not_too_large(advice),
    )


def _not_too_large(advice: str) -> Rule:
    # The API server's quantities end there: more is read as this much.
    largest = f"quantity('{LARGEST}')"
    return rule(
        f"!({_IS_SIZE}) || quantity(self).isLessThan({largest})",
        f"{{value}} is too large: {advice}",
        value=_SHOWN,
    )


def _not_above_all(advice: str) -> Rule:
    return rule(
        f"!({_IS_PERCENT}) || double({_SHORTER}) <= 100.0",
        f"{{value}} is above 100%: {advice}",
        value=_SHOWN,
    )


def _memory() -> tuple[Rule, ...]:
    percent = f"(type(self) == string && self.contains('%') ? {literal(' is not a percentage: ')}"
    ending = (
        f"{percent} + {literal(WRITE_EITHER)} : {literal(' is not a size: ')} + {_not_a_size(WRITE_EITHER)})"
    )
    some = "quantity(self).isLessThan(quantity('1')) || !quantity(self).isLessThan(quantity('1Mi'))"
    return (
        rule(
            f"({_NUMBER}) || ({_IS_EITHER})",
            "{value}{ending}",
            f"the value is not a size: {WRITE_EITHER}",
            value=_SHOWN,
            ending=ending,
        ),
        _not_above_all(WRITE_EITHER),
        _not_too_large(WRITE_EITHER),
        rule(
            f"{_IS_SIZE} ? ({some}) : (type(self) != int || self <= 0 || self >= 1048576)",
            f"{{value}} is only {{bytes}} bytes: {WRITE_EITHER}",
            f"the value is only a few bytes: {WRITE_EITHER}",
            value=_SHOWN,
            bytes=_BYTES,
        ),
    )


def _percentage() -> tuple[Rule, ...]:
    return (
        rule(_IS_PERCENT, f"{{value}} is not a percentage: {WRITE_PERCENT}", value=_SHOWN),
        _not_above_all(WRITE_PERCENT),
    )


def _positive() -> tuple[Rule, ...]:
    least = "!quantity(self).isLessThan(quantity('1Mi')) && !quantity(self).isGreaterThan(quantity('64Gi'))"
    in_bytes = "type(self) != int || self < 0 || (self >= 1048576 && self <= 68719476736)"
    return (
        *_size(WRITE_SIZE),
        rule(
            f"{_IS_SIZE} ? ({least}) : ({in_bytes})",
            "{value} is not from 1Mi to 64Gi: write for example 16Mi",
            value=_SHOWN,
        ),
    )


def _levels() -> tuple[Rule, ...]:
    names = list(DEFAULT_PERCENT)
    return tuple(_ordered(upper, lower) for index, upper in enumerate(names) for lower in names[index + 1 :])


def _ordered(upper: str, lower: str) -> Rule:
    """Return the rule that one level is not below another, where they can be compared."""
    high, low = _level(upper), _level(lower)
    percent, size = f"r'^{PERCENT}$'", f"r'^{SIZE}$'"
    percents = f"{high}.matches({percent}) && {low}.matches({percent})"
    sizes = f"{high}.matches({size}) && {low}.matches({size})"
    return rule(
        f"{percents} ? double({high}.replace('%', '')) >= double({low}.replace('%', '')) "
        f": !({sizes}) || !quantity({high}).isLessThan(quantity({low}))",
        REVERSED,
        upper=literal(upper),
        high=high,
        lower=literal(lower),
        low=low,
    )


def _level(name: str) -> str:
    default = f"'{DEFAULT_PERCENT[name]:g}%'"
    return f"(has(self.{name}) ? string(self.{name}) : {default})"


RULES: Final[dict[str, Sequence[Rule]]] = {
    SIZE_TITLE: _size(WRITE_SIZE),
    POSITIVE: _positive(),
    MEMORY: _memory(),
    PERCENTAGE: _percentage(),
    "HostThresholds": _levels(),
    "LabelRequirement": selector_rules(),
}
"""By the title of the schema that they are for."""

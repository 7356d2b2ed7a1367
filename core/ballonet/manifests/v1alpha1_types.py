"""The quantities of a v1alpha1 document: how they are written, checked and written back.

A document must mean the same to Kubernetes and to the policy-file loader, so only Kubernetes' spelling is
accepted here (``2Gi``); flags are more lenient (``2GiB``, see ``quantity``).
"""

import re
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ballonet.errors import ConfigError
from ballonet.quantity import GIB, LARGEST, MIB, Amount, format_size, parse_amount, parse_size

SIZE: Final = r"[0-9]{1,19}(\.[0-9]{1,9})?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?"
PERCENT: Final = r"[0-9]{1,3}(\.[0-9]{1,6})?%"
WRITE_SIZE: Final = "write a size such as 512Mi or 2Gi"
WRITE_PERCENT: Final = "write a percentage from 0% to 100%"
WRITE_EITHER: Final = f"{WRITE_SIZE}, or a percentage from 0% to 100%"
# What these types are called in schemas.
SIZE_TITLE: Final = "size"
POSITIVE: Final = "size, 1Mi to 64Gi"
MEMORY: Final = "size or percentage"
PERCENTAGE: Final = "percentage"
_LARGEST_CHANGE: Final = 64 * GIB


def shown(value: object) -> str:
    """Return an untrusted value as it may stand in a message: ASCII, one line, not too long."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"


def _text(value: object, advice: str) -> str:
    """Return a YAML scalar as text; whole numbers are sizes in bytes, as in Kubernetes."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{shown(value)} is not a quantity: {advice}")  # noqa: TRY004 - pydantic collects ValueErrors.
    return str(value)


def _size(value: object, advice: str = WRITE_SIZE) -> int:
    text = _text(value, advice)
    if re.fullmatch(SIZE, text, re.ASCII) is None:
        shorter = text.removesuffix("B")
        if re.fullmatch(SIZE, shorter, re.ASCII) is not None:
            advice = f"write {shorter}"
        raise ValueError(f"{shown(value)} is not a size: {advice}")
    try:
        return parse_size(text)
    except ConfigError:
        raise ValueError(f"{shown(value)} is too large: {advice}") from None


def _memory(value: object) -> Amount:
    """Return a size or percentage. A few bytes are refused: somebody forgot the unit or the % sign."""
    if "%" in _text(value, WRITE_EITHER):
        return Amount(percent=_percentage(value, WRITE_EITHER))
    size = _size(value, WRITE_EITHER)
    if 0 < size < MIB:
        raise ValueError(f"{shown(value)} is only {size} bytes: {WRITE_EITHER}")
    return Amount(size=size)


def _percentage(value: object, advice: str = WRITE_PERCENT) -> float:
    text = _text(value, advice)
    if re.fullmatch(PERCENT, text, re.ASCII) is None:
        raise ValueError(f"{shown(value)} is not a percentage: {advice}")
    try:
        percent = parse_amount(text).percent
    except ConfigError:
        raise ValueError(f"{shown(value)} is above 100%: {advice}") from None
    return percent or 0.0


def _positive(value: object) -> int:
    size = _size(value)
    if not MIB <= size <= _LARGEST_CHANGE:
        raise ValueError(f"{shown(value)} is not from 1Mi to 64Gi: write for example 16Mi")
    return size


def _schema(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": LARGEST}, {"type": "string"}],
            "pattern": f"^{pattern}$",
            "title": description,
        }
    )


def _exact(size: int) -> str:
    """Return a size as text that parses to the same number of bytes again."""
    text = format_size(size)
    return text if parse_size(text) == size else str(size)


Size = Annotated[
    int,
    PlainValidator(_size),
    PlainSerializer(_exact, return_type=str, when_used="json"),
    _schema(SIZE, SIZE_TITLE),
]
"""Bytes, written as a Kubernetes quantity."""

Positive = Annotated[
    int,
    PlainValidator(_positive),
    PlainSerializer(_exact, return_type=str, when_used="json"),
    _schema(SIZE, POSITIVE),
]
"""A size that is worth moving."""

Memory = Annotated[
    Amount,
    PlainValidator(_memory),
    PlainSerializer(
        lambda amount: str(amount) if amount.size is None else _exact(amount.size),
        return_type=str,
        when_used="json",
    ),
    _schema(f"({SIZE}|{PERCENT})", MEMORY),
]
"""A size, or a percentage of something known later."""

Percentage = Annotated[
    float,
    PlainValidator(_percentage),
    PlainSerializer(lambda percent: f"{percent:g}%", return_type=str, when_used="json"),
    _schema(PERCENT, PERCENTAGE),
]
"""A percentage from 0 to 100, written with its sign."""

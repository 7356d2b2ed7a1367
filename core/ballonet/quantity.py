"""Text quantities and bytes: ``512Mi``, ``2GiB``, ``25%``.

Sizes are bytes everywhere inside Ballonet. Text exists only where a person writes or reads it: flags,
manifests, tables. The suffixes are those of Kubernetes (``Ki Mi Gi Ti`` binary, ``k M G T`` decimal,
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/), with the spelling of
virsh (``KiB``, ``MB``) accepted as well.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ballonet.errors import ConfigError

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
TIB: Final = 1024 * GIB

# The largest size that a signed 64-bit count of bytes can hold; libvirt counts KiB in an unsigned long.
LARGEST: Final = 2**63 - 1

_UNITS: Final = {
    "": 1,
    "ki": KIB, "mi": MIB, "gi": GIB, "ti": TIB, "pi": 1024 * TIB,
    "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15,
}  # fmt: skip
_SIZE: Final = re.compile(r"\s*(?P<number>\d{1,19}(?:\.\d{1,9})?)\s*(?P<unit>[A-Za-z]{0,3})\s*", re.ASCII)
_PERCENT: Final = re.compile(r"\s*(?P<number>\d{1,3}(?:\.\d{1,6})?)\s*%\s*", re.ASCII)
_EXAMPLES: Final = "write for example 512Mi, 2Gi or 2GiB"


def parse_size(text: str) -> int:
    """Return the bytes that ``text`` names.

    Raises:
        ConfigError: the text is no size, or does not fit 63 bits.
    """
    match = _SIZE.fullmatch(text)
    unit = _unit(match["unit"]) if match else None
    if match is None or unit is None:
        raise ConfigError(f"{text!r} is not a size: {_EXAMPLES}")
    size = int(Decimal(match["number"]) * unit)
    if size > LARGEST:
        raise ConfigError(f"{text!r} is too large: the largest size is {LARGEST} bytes")
    return size


def _unit(suffix: str) -> int | None:
    """Return the factor of a suffix; a lone ``m`` is refused, Kubernetes reads it as a thousandth."""
    if suffix == "m":
        return None
    return _UNITS.get(suffix.lower().removesuffix("b"))


def format_size(size: int) -> str:
    """Return ``size`` in the largest binary unit that leaves a readable number: ``1.5Gi``, ``512Mi``."""
    sign, size = ("-", -size) if size < 0 else ("", size)
    for unit, suffix in ((TIB, "Ti"), (GIB, "Gi"), (MIB, "Mi"), (KIB, "Ki")):
        if size >= unit:
            number = f"{size / unit:.1f}".removesuffix(".0")
            return f"{sign}{number}{suffix}"
    return f"{sign}{size}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A size, or a share of something whose size is known later: ``640Mi`` or ``6%``.

    Exactly one of the two fields is set. ``percent`` is 0 to 100.
    """

    size: int | None = None
    percent: float | None = None

    def of(self, whole: int) -> int:
        """Return the bytes that this amount means, where ``whole`` is a hundred percent."""
        if self.size is not None:
            return self.size
        return int(whole * (self.percent or 0.0) / 100)

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.percent is not None else format_size(self.size or 0)


def parse_amount(text: str) -> Amount:
    """Return the amount that ``text`` names, a size or a percentage.

    Raises:
        ConfigError: the text is neither, or the percentage is above 100.
    """
    match = _PERCENT.fullmatch(text)
    if match is None:
        if "%" in text:
            raise ConfigError(f"{text!r} is not a percentage: write for example 25%")
        return Amount(size=parse_size(text))
    percent = float(match["number"])
    if percent > 100:
        raise ConfigError(f"{text!r} is above 100%")
    return Amount(percent=percent)

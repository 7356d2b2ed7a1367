"""Durations as Prometheus and Go write them, ``1s``, ``500ms``, ``1m30s``, and their seconds."""

import re
from typing import Final

from ballonet.errors import ConfigError

_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d)")
_SECONDS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0,
}  # fmt: skip


def parse_duration(text: str) -> float:
    """Return the seconds that ``text`` names; 0 needs no unit.

    Raises:
        ConfigError: the text is no duration.
    """
    if text.strip() == "0":
        return 0.0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ConfigError(f"{text!r} is not a duration: write for example 2s or 500ms")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)

"""Lengths of time as people write and read them: ``90s``, ``1h30m``, ``2d``."""

import re
from typing import Final

from ballonet.errors import ConfigError

_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION: Final = re.compile(
    r"\s*(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,5})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,8})s?)?\s*", re.ASCII
)
LONGEST: Final = (
    366 * 86400
)  # A hold that outlives a year is a setting; the metadata word `exempt` is for that.


def parse_duration(text: str) -> int:
    """Return the seconds that ``text`` names; a bare number is seconds.

    Raises:
        ConfigError: the text is no length of time, is zero, or is longer than a year.
    """
    match = _DURATION.fullmatch(text)
    seconds = sum(int(match[unit] or 0) * length for unit, length in _SECONDS.items()) if match else 0
    if seconds <= 0:
        raise ConfigError(f"{text!r} is not a length of time: write for example 90s, 30m, 1h30m or 2d")
    if seconds > LONGEST:
        raise ConfigError(f"{text!r} is too long: at most {LONGEST // 86400}d")
    return seconds


def format_duration(seconds: float) -> str:
    """Return the two largest units of a length of time: ``1h 30m``, ``45s``, ``2d``."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, length in _SECONDS.items():
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"

"""Lengths of time as people write and read them, within what makes sense at a prompt."""

from typing import Final

from ballonet import duration
from ballonet.errors import ConfigError

# A hold that outlives a year is no hold; the metadata word `exempt` is for that.
LONGEST: Final = 366 * 86400
_SHORTEST: Final = 0.1
_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> float:
    """Return the seconds that ``text`` names.

    Raises:
        ConfigError: the text is no length of time, is next to nothing, or is longer than a year.
    """
    seconds = duration.parse_duration(text)
    if seconds < _SHORTEST:
        raise ConfigError(f"{text!r} is too short: write for example 90s, 1h30m or 2d")
    if seconds > LONGEST:
        raise ConfigError(f"{text!r} is too long: at most {LONGEST // 86400}d")
    return seconds


def parse_pause(text: str) -> float:
    """Return the seconds that ``text`` names, where 0 means not to wait.

    Raises:
        ConfigError: as for ``parse_duration``.
    """
    return 0.0 if text.strip() == "0" else parse_duration(text)


def format_duration(seconds: float) -> str:
    """Return the two largest units of a length of time: ``1h 30m``, ``45s``, ``2d``."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, length in _UNITS.items():
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"

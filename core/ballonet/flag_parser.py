"""The parser under the settings: its help and its complaints are for people, not for Python."""

import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NoReturn

from ballonet.errors import ConfigError


class FlagFormatter(RawDescriptionHelpFormatter):
    """Help that leaves long flags room."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=100)


# How pydantic-settings names a value in the help, and how a person would.
_METAVARS: Final = {"list[str]": "ADDRESS", "str": "TEXT", "Path": "FILE", "float": "DURATION"}

_NO_DEFAULT: Final = re.compile(r" \(default: (None|\[\])?\)")
_DEFAULT_SECONDS: Final = re.compile(r"\(default: (\d+(?:\.\d+)?)\)")
_LIST_OF_ONE: Final = re.compile(r"\['([^']*)'\]")


class FlagParser(ArgumentParser):
    """A parser that reports a wrong flag as every other wrong thing is reported."""

    values: Mapping[str, str] = MappingProxyType({})

    def format_help(self) -> str:
        """Return the help in words of the command line, not of Python."""
        for action in self._actions:
            by_type = _METAVARS.get(str(action.metavar), action.metavar)
            action.metavar = next(
                (self.values[flag] for flag in action.option_strings if flag in self.values), by_type
            )
            action.help = _NO_DEFAULT.sub("", _LIST_OF_ONE.sub(r"\1", action.help or ""))
            if action.metavar == "DURATION":
                action.help = _DEFAULT_SECONDS.sub(_in_seconds, action.help)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise the message instead of printing the usage."""
        raise ConfigError(f"{message}; {self.prog} --help lists the flags")


def _in_seconds(default: re.Match[str]) -> str:
    """Return a duration's default as a person would write it."""
    return f"(default: {float(default[1]):g}s)"

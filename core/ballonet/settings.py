"""Flags and environment variables: the groups that the exporter and the agent share, and how they are read.

A field ``uri`` of a group ``libvirt`` is the flag ``--libvirt.uri`` and the variable
``BALLONET_LIBVIRT__URI``; the flag wins. What cannot be used is one line for a person: which flag, what is
wrong, what to do.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSettingsSource,
    NoDecode,
    SettingsConfigDict,
    SettingsError,
)

from ballonet.duration import parse_duration
from ballonet.errors import ConfigError
from ballonet.flag_parser import FlagFormatter, FlagParser
from ballonet.variables import PREFIX, strangers
from ballonet.web.address import parse_address

if TYPE_CHECKING:
    from argparse import ArgumentParser


def checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Return a validator that leaves a text as it is, if ``parse`` accepts it."""

    def check(text: str) -> str:
        try:
            parse(text)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return text

    return check


def split(value: object) -> object:
    """Return the items of a list that came as one text, which is how variables and repeated flags come."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    return value


def _path(text: str) -> str:
    if not text.startswith("/") or any(letter in text for letter in "?#% \t"):
        raise ValueError(f"{text!r} is no path of a URL: write for example /metrics")
    if text.startswith("/-/"):
        raise ValueError(f"{text!r} is among the probes: write for example /metrics")
    return text


def _seconds(value: object) -> object:
    """Return the seconds of a duration given as text; ``checked`` cannot, it leaves the text."""
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error


Duration = Annotated[float, BeforeValidator(_seconds)]
ListenAddresses = Annotated[
    list[Annotated[str, AfterValidator(checked(parse_address))]], NoDecode, BeforeValidator(split)
]


def listen_field(address: str) -> Any:
    """Return the field of ``--web.listen-address`` with a program's own default."""
    return Field([address], description="listen on host:port, or :port for all; may be given several times")


class Group(BaseModel):
    """Flags that share a prefix."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Libvirt(Group):
    """Which hypervisor."""

    uri: Annotated[str, Field(min_length=1, description="connection URI of libvirt")] = "qemu:///system"


class Log(Group):
    """What is logged, to standard error; the words are those of ``logs.Level`` and ``logs.Format``."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"],
        Field(description="log messages of this severity and above"),
    ] = "info"
    format: Annotated[Literal["logfmt", "json"], Field(description="how log lines are written")] = "logfmt"


class WebConfig(Group):
    """The file that protects the server."""

    file: Annotated[
        Path | None,
        Field(
            description="file with TLS, users and headers, in the format of the Prometheus exporter-toolkit"
        ),
    ] = None


class Web(Group):
    """Where and how HTTP is served; a program subclasses it with its default ``listen_field``."""

    listen_address: ListenAddresses = listen_field(":0")
    telemetry_path: Annotated[
        str, AfterValidator(_path), Field(description="path under which metrics are served")
    ] = "/metrics"
    config: WebConfig = WebConfig()
    systemd_socket: Annotated[
        bool, Field(description="listen on the sockets that systemd passes instead of web.listen-address")
    ] = False


class ProgramSettings(BaseSettings):
    """Base of every program's settings; a program adds its own groups."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
    )

    log: Log = Log()


class Settings(ProgramSettings):
    """Base of the settings of a program that works with a hypervisor."""

    libvirt: Libvirt = Libvirt()


T = TypeVar("T", bound=ProgramSettings)


def load(
    settings: type[T],
    arguments: Sequence[str],
    *,
    program: str,
    description: str,
    values: Mapping[str, str] = MappingProxyType({}),
) -> T:
    """Read flags and environment.

    ``--help`` and ``--version`` print and end the program. ``values`` names what a flag takes, where the help
    can say more than the type does: ``{"--policies": "DIR"}``.

    Raises:
        ConfigError: a flag is unknown, or a value cannot be used.
    """
    parser = FlagParser(
        prog=program,
        description=description,
        epilog=_EPILOG,
        formatter_class=FlagFormatter,
        allow_abbrev=False,
    )
    parser.values = values
    parser.add_argument(
        "--version", action="version", version=f"{program} {version('ballonet')}", help="show the version"
    )
    try:
        source: CliSettingsSource[ArgumentParser] = CliSettingsSource(settings, root_parser=parser)
        read = CliApp.run(settings, cli_args=list(arguments), cli_settings_source=source)
    except ValidationError as error:
        raise ConfigError(_first(error)) from error
    except SettingsError as error:
        raise ConfigError(f"{error}: {error.__cause__}" if error.__cause__ else str(error)) from error
    for sentence in strangers(settings, os.environ):
        sys.stderr.write(f"{program}: warning: {sentence}\n")
    return read


def fail(program: str, error: ConfigError) -> int:
    """Print the one line of an error and return the exit code of bad input."""
    sys.stderr.write(f"{program}: error: {error}\n")
    return 2


_EPILOG: Final = (
    "Every flag can be given as an environment variable: --libvirt.uri is BALLONET_LIBVIRT__URI,\n"
    "--web.listen-address is BALLONET_WEB__LISTEN_ADDRESS (a list is separated by commas). Flags win."
)


def _first(error: ValidationError) -> str:
    """Return the first problem, named as its flag."""
    problem = error.errors(include_url=False)[0]
    flag = ".".join(part.replace("_", "-") for part in problem["loc"] if isinstance(part, str))
    if problem["type"] == "missing":
        return f"--{flag} is missing: it has no default"
    if problem["type"] == "extra_forbidden":
        return f"{flag}: no such flag, but a variable of the environment names it: --help lists all"
    what = problem["msg"].removeprefix("Value error, ")
    given = problem["input"]
    shown = f"{given!r}: " if isinstance(given, str) and repr(given) not in what else ""
    return f"{flag}: {shown}{what[:1].lower()}{what[1:]}"

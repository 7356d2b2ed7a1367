"""The exporter's flags and environment variables."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from ballonet.errors import ConfigError
from ballonet.settings import Duration, Group, ListenAddresses, Settings, Web, fail, listen_field, load
from ballonet_exporter.options import Options

PROGRAM: Final = "ballonet-exporter"
_DESCRIPTION: Final = "Prometheus exporter for the balloon and the memory of the KVM guests of a host."


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class ExporterWeb(Web):
    """The port lies outside 9100 to 9999, which is full, and away from 9177, which other exporters use."""

    listen_address: ListenAddresses = listen_field(":19177")


class Scrape(Group):
    """How long a scrape may take.

    Three seconds are well below the ten that Prometheus waits by default, and above all that is healthy: 150
    guests take 0.1 to 0.2 s, a thousand about one, and while QEMU ends a guest, for up to 1.6 s here, libvirt
    lists no guests to anybody. A guest that hangs costs one scrape a quarter of it.
    """

    deadline: Annotated[
        Duration,
        Field(ge=0.01, le=600, description="reading the guests may take this long, such as 1s or 500ms"),
    ] = 3.0
    timeout_offset: Annotated[
        Duration, Field(ge=0, le=600, description="be done this long before the scrape timeout of Prometheus")
    ] = 0.5


class Collector(Group):
    """What is collected."""

    guest: Annotated[bool, Field(description="balloon and memory of every guest, from libvirt")] = True
    host: Annotated[bool, Field(description="memory and its pressure on the host, from /proc")] = True


class GuestFilter(Group):
    """Which guests are exported."""

    include: Annotated[
        Pattern, Field(description="export only guests whose whole name matches this regular expression")
    ] = ""
    exclude: Annotated[
        Pattern, Field(description="leave out guests whose whole name matches this regular expression")
    ] = ""


class ExporterSettings(Settings):
    """Everything that the exporter can be told."""

    web: ExporterWeb = ExporterWeb()
    scrape: Scrape = Scrape()
    collector: Collector = Collector()
    guest: GuestFilter = GuestFilter()

    def options(self) -> Options:
        """Return the settings as plain values."""
        return Options(
            log_level=self.log.level,
            log_format=self.log.format,
            uri=self.libvirt.uri,
            listen=tuple(self.web.listen_address),
            systemd_socket=self.web.systemd_socket,
            telemetry_path=self.web.telemetry_path,
            web_file=self.web.config.file,
            deadline=self.scrape.deadline,
            timeout_offset=self.scrape.timeout_offset,
            collectors=frozenset(name for name, wanted in self.collector if wanted),
            include=self.guest.include,
            exclude=self.guest.exclude,
        )


def options(arguments: Sequence[str]) -> tuple[int, Options | None]:
    """Return the exit code and the options; None after help, version or an error, which are printed."""
    try:
        return 0, load(ExporterSettings, arguments, program=PROGRAM, description=_DESCRIPTION).options()
    except ConfigError as error:
        return fail(PROGRAM, error), None
    except SystemExit as end:
        return int(end.code or 0), None

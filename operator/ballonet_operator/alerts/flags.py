"""The agent's flags about Alertmanager."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from ballonet.errors import ConfigError
from ballonet.settings import Duration, Group, checked, split


def check_url(url: str) -> None:
    """Check the URL of an Alertmanager.

    Raises:
        ConfigError: it is none, or has in it what is to stand elsewhere.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ConfigError(f"{url!r} is no URL: write for example http://alertmanager:9093")
    if "@" in parts.netloc:
        raise ConfigError("a user in a URL would be logged: write basic_auth into --alertmanager.config.file")
    if parts.query or parts.fragment:
        raise ConfigError(f"{url!r} is more than a place: write only where Alertmanager is, path included")


_Url = Annotated[str, AfterValidator(checked(check_url))]
_Name = Annotated[str, Field(min_length=1, max_length=253)]


class AlertmanagerConfig(Group):
    """The file with credentials and TLS."""

    file: Annotated[
        Path | None,
        Field(description="file with basic_auth, authorization, tls_config as in Prometheus' http_config"),
    ] = None


_NONE: Final[list[str]] = []


class AgentAlertmanager(Group):
    """Which Alertmanager is asked for alerts that act on this host, and how often."""

    url: Annotated[
        list[_Url],
        NoDecode,
        BeforeValidator(split),
        Field(description="ask this Alertmanager for alerts that policies act on; once for each of a pair"),
    ] = _NONE
    interval: Annotated[
        Duration, Field(ge=1, le=3600, description="from one request to the next, give or take a fifth")
    ] = 15.0
    expiry: Annotated[
        Duration,
        Field(ge=1, le=86400, description="alerts act no longer when none has answered for this long"),
    ] = 60.0
    identity: Annotated[
        list[_Name],
        NoDecode,
        BeforeValidator(split),
        Field(description="a further name or address of this host in alerts; may be given several times"),
    ] = _NONE
    config: AlertmanagerConfig = AlertmanagerConfig()

    def check(self) -> None:
        """Hold the flags against each other.

        Raises:
            ConfigError: they contradict each other.
        """
        if self.expiry < self.interval * 1.2:
            raise ConfigError(
                f"--alertmanager.expiry is {self.expiry:g} s, and Alertmanager is asked only every "
                f"{self.interval * 1.2:g} s at times: make it longer than that"
            )
        if self.config.file is not None and not self.url:
            raise ConfigError("--alertmanager.config.file is given without --alertmanager.url: add that")

"""The file of ``--web.config.file``, in the format of the Prometheus exporter-toolkit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md

The same file works here and for Go exporters. Unknown keys are errors, as there; what Python's ``ssl`` cannot
do is an error too, never ignored. Paths are relative to the file's own folder.
"""

import difflib
import logging
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from ballonet.duration import parse_duration
from ballonet.errors import ConfigError
from ballonet.web.section import Section, listed
from ballonet.web.tls_config import TlsServerConfig

log = logging.getLogger(__name__)

_HEADER_VALUES: Final = {
    "Content-Security-Policy": None,
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": None,
}
_BCRYPT: Final = re.compile(r"\$2[aby]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}", re.ASCII)


def _seconds(duration: object) -> float:
    try:
        return parse_duration(str(duration))
    except ConfigError as error:
        raise ValueError(str(error)) from error


_Duration = Annotated[float, BeforeValidator(_seconds)]


class HttpServerConfig(Section):
    """``http_server_config``."""

    http2: bool = False
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_allowed_headers(self) -> Self:
        for name, value in self.headers.items():
            if name not in _HEADER_VALUES:
                raise ValueError(f"headers: {name!r} cannot be set; known are {listed(_HEADER_VALUES)}")
            allowed = _HEADER_VALUES[name]
            if allowed and value not in ("", *allowed):
                raise ValueError(f"headers: {name} must be {' or '.join(allowed)}")
            if not (value.isascii() and (value.isprintable() or not value)):
                raise ValueError(f"headers: {name} must be printable ASCII on one line")
        return self


class RateLimit(Section):
    """``rate_limit``; an interval of 0 means none."""

    interval: _Duration = 0.0
    burst: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _lets_some_pass(self) -> Self:
        if self.interval and self.burst < 1:
            raise ValueError("burst must be at least 1, or no request is ever answered")
        return self


class WebFile(Section):
    """The whole file."""

    tls_server_config: TlsServerConfig = TlsServerConfig()
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[str, str] = Field(default_factory=dict, repr=False)
    rate_limit: RateLimit = RateLimit()

    @model_validator(mode="after")
    def _has_hashed_passwords(self) -> Self:
        for name, hashed in self.basic_auth_users.items():
            if not _BCRYPT.fullmatch(hashed):
                raise ValueError(
                    f"basic_auth_users: the password of {name!r} is no bcrypt hash: "
                    "make one with htpasswd -nBC 10 '' | tr -d ':\\n'"
                )
        return self


def load(path: Path) -> WebFile:
    """Read and check the file; certificates are not opened yet.

    Raises:
        ConfigError: it cannot be read, or says something that cannot be done.
    """
    try:
        document = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - a safe loader.
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    try:
        found = WebFile.model_validate(
            {} if document is None else document, context={"directory": path.parent}
        )
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first(error)}") from error
    if found.http_server_config.http2:
        log.warning("http2: true has no effect, this server speaks HTTP/1.1", extra={"file": str(path)})
    return found


class _Loader(yaml.SafeLoader):
    """YAML without surprises: a key that stands twice is an error, as in the exporter-toolkit."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value]
        twice = next((key for key, _ in node.value if keys.count(key.value) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice.value} is given twice", twice.start_mark
            )
        return super().construct_mapping(node, deep)


def _first(error: ValidationError) -> str:
    """Return the first problem as one line: where, what, and what to do."""
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key{_hint(problem['loc'])}"
    what = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _hint(where: tuple[int | str, ...]) -> str:
    """Return what could have been meant, and what may stand in that place."""
    section: type[BaseModel] = WebFile
    for name in where[:-1]:
        annotation = section.model_fields[str(name)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            section = annotation
    close = difflib.get_close_matches(str(where[-1]), section.model_fields, n=1)
    return f": did you mean {close[0]}?" if close else f"; known are {listed(section.model_fields)}"

"""The file of ``--alertmanager.config.file``: how to reach Alertmanager, in the words of Prometheus.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config

What Prometheus knows and this program does not do is an error, never ignored. Paths are relative to the
file's own folder. Secrets in files of their own are read at each request (``access``).
"""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from ballonet.errors import ConfigError
from ballonet.web.section import Section


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    directory: Path = (info.context or {}).get("directory", Path())
    return directory / path


_File = Annotated[Path, Field(strict=False), AfterValidator(_beside_the_file)]


class BasicAuth(Section):
    """``basic_auth``."""

    username: str = Field(min_length=1, pattern=r"^[^:]*$")
    password: str | None = Field(default=None, repr=False)
    password_file: _File | None = None

    @model_validator(mode="after")
    def _has_one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given: remove one")
        return self


class Authorization(Section):
    """``authorization``: a token."""

    type: str = Field(default="Bearer", pattern=r"^[A-Za-z0-9_-]+$")
    credentials: str | None = Field(default=None, repr=False)
    credentials_file: _File | None = None

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
        if self.type.lower() == "basic":
            raise ValueError("type Basic is what basic_auth is for: use that")
        if (self.credentials is None) == (self.credentials_file is None):
            raise ValueError("write either credentials or credentials_file")
        return self


class TlsConfig(Section):
    """``tls_config``; servers are verified by the system's authorities where it says nothing else."""

    ca_file: _File | None = None
    cert_file: _File | None = None
    key_file: _File | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _has_key_and_certificate(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: write both")
        return self

    def files(self) -> tuple[Path, ...]:
        """Return the files that it names."""
        return tuple(each for each in (self.ca_file, self.cert_file, self.key_file) if each is not None)


class HttpConfig(Section):
    """The whole file."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    tls_config: TlsConfig = TlsConfig()

    @model_validator(mode="after")
    def _has_one_way_in(self) -> Self:
        if self.basic_auth is not None and self.authorization is not None:
            raise ValueError("basic_auth and authorization are both given: remove one")
        return self


def load(path: Path) -> HttpConfig:
    """Read and check the file; what it names is not opened yet.

    Raises:
        ConfigError: it cannot be read, or says something that cannot be done.
    """
    try:
        document = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot read it: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    try:
        return HttpConfig.model_validate(document or {}, context={"directory": path.parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """Return the first problem as one line."""
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] in ("model_type", "dict_type"):
        return f"{where or 'the file'} is no map of keys: write for example basic_auth: {{username: NAME}}"
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key; there are basic_auth, authorization and tls_config, as in Prometheus"
    what = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what

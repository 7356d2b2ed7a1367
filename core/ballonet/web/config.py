"""The file of ``--web.config.file``, in the format of the Prometheus exporter-toolkit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md

The same file works here and for Go exporters. Unknown keys are errors, as there; what Python's ``ssl`` cannot
do is an error too, never ignored. Paths are relative to the file's own folder.
"""

import difflib
import logging
import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ballonet.duration import parse_duration
from ballonet.errors import ConfigError

log = logging.getLogger(__name__)

# The suites of Go's crypto/tls.CipherSuites(), with OpenSSL's name. Those of TLS 1.3 are always on, in Go
# and here.
TLS_12_SUITES: Final = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_TLS_13_SUITES: Final = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
CURVES: Final = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
_VERIFIED: Final = {"", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"}
_UNVERIFIED: Final = {"RequestClientCert", "RequireAnyClientCert", "RequireClientCert"}
_HEADER_VALUES: Final = {
    "Content-Security-Policy": None,
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": None,
}
_BCRYPT: Final = re.compile(r"\$2[aby]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}", re.ASCII)


class _Section(BaseModel):
    """A part of the file; a key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


def _one_version(version: str) -> str:
    if version in {"TLS10", "TLS11"}:
        raise ValueError("TLS 1.0 and 1.1 are not served: use TLS12 or TLS13")
    if version not in {"TLS12", "TLS13"}:
        raise ValueError(f"{version!r} is no TLS version: use TLS12 or TLS13")
    return version


def _one_suite(suite: str) -> str:
    if suite not in TLS_12_SUITES and suite not in _TLS_13_SUITES:
        raise ValueError(f"{suite!r} is no cipher suite; there are {_listed(TLS_12_SUITES)}")
    return suite


def _one_curve(curve: str) -> str:
    if curve not in CURVES:
        raise ValueError(f"{curve!r} is no curve; there are {_listed(CURVES)}")
    return curve


def _one_client_auth(kind: str) -> str:
    if kind in _UNVERIFIED:
        raise ValueError(
            f"{kind} takes certificates that nobody verified, which Python's TLS does not do: "
            "use RequireAndVerifyClientCert or VerifyClientCertIfGiven"
        )
    if kind not in _VERIFIED:
        raise ValueError(f"{kind!r} is unknown: use RequireAndVerifyClientCert")
    return kind or "NoClientCert"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    directory: Path = (info.context or {}).get("directory", Path())
    return directory / path


def _seconds(duration: object) -> float:
    try:
        return parse_duration(str(duration))
    except ConfigError as error:
        raise ValueError(str(error)) from error


_Version = Annotated[str, AfterValidator(_one_version)]
_Suite = Annotated[str, AfterValidator(_one_suite)]
_Curve = Annotated[str, AfterValidator(_one_curve)]
_ClientAuth = Annotated[str, AfterValidator(_one_client_auth)]
_File = Annotated[Path, Field(strict=False), AfterValidator(_beside_the_file)]
_Duration = Annotated[float, BeforeValidator(_seconds)]


class TlsServerConfig(_Section):
    """``tls_server_config``; without any key there is no TLS."""

    cert: str | None = None
    key: str | None = Field(default=None, repr=False)
    client_ca: str | None = None
    cert_file: _File | None = None
    key_file: _File | None = None
    client_ca_file: _File | None = None
    client_auth_type: _ClientAuth = "NoClientCert"
    client_allowed_sans: list[str] = Field(default_factory=list)
    min_version: _Version = "TLS12"
    max_version: _Version = "TLS13"
    cipher_suites: list[_Suite] = Field(default_factory=list)
    prefer_server_cipher_suites: bool = True
    curve_preferences: list[_Curve] = Field(default_factory=list)

    @property
    def is_wanted(self) -> bool:
        """Whether the section says anything."""
        return bool(self.model_fields_set)

    def files(self) -> tuple[Path, ...]:
        """Return the files whose change changes the rules."""
        return tuple(path for path in (self.cert_file, self.key_file, self.client_ca_file) if path)

    @model_validator(mode="after")
    def _has_one_of_each(self) -> Self:
        if not self.is_wanted:
            return self
        for name, inline, path in (
            ("cert", self.cert, self.cert_file),
            ("key", self.key, self.key_file),
        ):
            if bool(inline) == bool(path):
                raise ValueError(f"needs one of {name} and {name}_file")
        if self.client_ca and self.client_ca_file:
            raise ValueError("give client_ca or client_ca_file, not both")
        return self

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if self.min_version > self.max_version:
            raise ValueError("min_version is above max_version")
        if (
            self.cipher_suites
            and self.min_version == "TLS12"
            and not TLS_12_SUITES.keys() & self.cipher_suites
        ):
            raise ValueError("cipher_suites has none for TLS 1.2: add one, or set min_version: TLS13")
        if len(self.curve_preferences) > 1:
            raise ValueError("curve_preferences: Python's TLS takes one curve: give one, or none for all")
        return self

    @model_validator(mode="after")
    def _checks_clients(self) -> Self:
        if self.client_auth_type == "NoClientCert" and (self.client_ca or self.client_ca_file):
            raise ValueError(
                "client_ca is given, but no client is asked for a certificate: "
                "set client_auth_type: RequireAndVerifyClientCert"
            )
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ValueError("client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert")
        return self


class HttpServerConfig(_Section):
    """``http_server_config``."""

    http2: bool = False
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_allowed_headers(self) -> Self:
        for name, value in self.headers.items():
            if name not in _HEADER_VALUES:
                raise ValueError(f"headers: {name!r} cannot be set; known are {_listed(_HEADER_VALUES)}")
            allowed = _HEADER_VALUES[name]
            if allowed and value not in ("", *allowed):
                raise ValueError(f"headers: {name} must be {' or '.join(allowed)}")
            if not (value.isascii() and (value.isprintable() or not value)):
                raise ValueError(f"headers: {name} must be printable ASCII on one line")
        return self


class RateLimit(_Section):
    """``rate_limit``; an interval of 0 means none."""

    interval: _Duration = 0.0
    burst: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _lets_some_pass(self) -> Self:
        if self.interval and self.burst < 1:
            raise ValueError("burst must be at least 1, or no request is ever answered")
        return self


class WebFile(_Section):
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
    return f": did you mean {close[0]}?" if close else f"; known are {_listed(section.model_fields)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)

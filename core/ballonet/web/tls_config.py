"""The section ``tls_server_config`` of the web file: what it may say, and what Python's TLS cannot do."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from ballonet.web.section import Section, listed

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


def _one_version(version: str) -> str:
    if version in {"TLS10", "TLS11"}:
        raise ValueError("TLS 1.0 and 1.1 are not served: use TLS12 or TLS13")
    if version not in {"TLS12", "TLS13"}:
        raise ValueError(f"{version!r} is no TLS version: use TLS12 or TLS13")
    return version


def _one_suite(suite: str) -> str:
    if suite not in TLS_12_SUITES and suite not in _TLS_13_SUITES:
        raise ValueError(f"{suite!r} is no cipher suite; there are {listed(TLS_12_SUITES)}")
    return suite


def _one_curve(curve: str) -> str:
    if curve not in CURVES:
        raise ValueError(f"{curve!r} is no curve; there are {listed(CURVES)}")
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


_Version = Annotated[str, AfterValidator(_one_version)]
_Suite = Annotated[str, AfterValidator(_one_suite)]
_Curve = Annotated[str, AfterValidator(_one_curve)]
_ClientAuth = Annotated[str, AfterValidator(_one_client_auth)]
_File = Annotated[Path, Field(strict=False), AfterValidator(_beside_the_file)]


class TlsServerConfig(Section):
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

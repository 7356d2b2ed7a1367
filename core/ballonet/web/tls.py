"""The server's side of TLS, from the ``tls_server_config`` section of the web file.

Everything that Python's ``ssl`` can do of that section works as in the exporter-toolkit; what it cannot is
refused by ``config``.
"""

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NoReturn, cast

from ballonet.errors import ConfigError
from ballonet.web.tls_config import CURVES, TLS_12_SUITES, TlsServerConfig

_VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_CERTIFICATE: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class Tls:
    """A loaded certificate and the terms of a handshake."""

    def __init__(self, section: TlsServerConfig) -> None:
        """Load everything that the section names.

        Raises:
            ConfigError: a file cannot be read or used.
        """
        self._context = _context(section)
        self._allowed = frozenset(section.client_allowed_sans)

    def wrap(self, stream: socket.socket) -> ssl.SSLSocket:
        """Return the TLS side of an accepted connection; the handshake is still to be done."""
        return self._context.wrap_socket(stream, server_side=True, do_handshake_on_connect=False)

    def admits(self, stream: ssl.SSLSocket) -> bool:
        """Whether ``client_allowed_sans`` allows a name of the client's certificate."""
        return not self._allowed or not self._allowed.isdisjoint(_names(stream))


def _names(stream: ssl.SSLSocket) -> Iterator[str]:
    certificate = stream.getpeercert() or {}
    pairs = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    for kind, name in pairs:
        yield str(ipaddress.ip_address(name.strip())) if kind == "IP Address" else name


def _context(section: TlsServerConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[section.min_version]
    context.maximum_version = _VERSIONS[section.max_version]
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not section.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    suites = [TLS_12_SUITES[suite] for suite in section.cipher_suites if suite in TLS_12_SUITES]
    if suites:
        context.set_ciphers(":".join(suites))
    for curve in section.curve_preferences:
        context.set_ecdh_curve(CURVES[curve])
    _load_certificate(context, section)
    _load_authorities(context, section)
    return context


def _load_certificate(context: ssl.SSLContext, section: TlsServerConfig) -> None:
    with ExitStack() as files:
        certificate = files.enter_context(_file("cert", section.cert, section.cert_file))
        key = files.enter_context(_file("key", section.key, section.key_file))
        try:
            context.load_cert_chain(certificate, key, password=_refuse_passphrase)
        except ssl.SSLError as error:
            where = f"{section.cert_file or 'cert'} and {section.key_file or 'key'}"
            raise ConfigError(
                f"tls_server_config: {where} are no matching certificate and key: {_reason(error)}"
            ) from error


def _load_authorities(context: ssl.SSLContext, section: TlsServerConfig) -> None:
    context.verify_mode = _CLIENT_CERTIFICATE[section.client_auth_type]
    if context.verify_mode is ssl.CERT_NONE:
        return
    if section.client_ca is None and section.client_ca_file is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    with _file("client_ca", section.client_ca, section.client_ca_file) as authorities:
        try:
            context.load_verify_locations(authorities)
        except ssl.SSLError as error:
            where = f"tls_server_config.client_ca{'_file' if section.client_ca_file else ''}"
            raise ConfigError(f"{where}: holds no certificate of an authority: {_reason(error)}") from error


@contextmanager
def _file(key: str, inline: str | None, path: Path | None) -> Iterator[str]:
    """Yield a path to what a key holds; OpenSSL takes only files, and a key must not touch a disk."""
    if path is not None:
        try:
            path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"tls_server_config.{key}_file: cannot read {path}: {error.strerror}"
            ) from error
        yield str(path)
        return
    descriptor = os.memfd_create(f"web-config-{key}")
    try:
        os.write(descriptor, (inline or "").encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _refuse_passphrase() -> NoReturn:
    raise ConfigError(
        "tls_server_config: the key has a passphrase: give one without, readable only by this program"
    )


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "not PEM").replace("_", " ").lower()

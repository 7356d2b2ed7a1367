"""How requests to Alertmanager are made: TLS and credentials, as the file says at the moment.

Certificates are renewed and tokens change while the agent runs. A password or token file is read for each
request; connections are made anew when the file itself or a certificate changes, and kept otherwise.
"""

import ssl
from base64 import b64encode
from pathlib import Path
from typing import Final

import urllib3

from ballonet.errors import ConfigError
from ballonet_operator.alerts.http_config import HttpConfig, TlsConfig, load

_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ballonet"}
_CONNECTIONS: Final = 4  # To different Alertmanagers; each is asked one thing at a time.

_Signature = tuple[tuple[int, int, int], ...]


class Access:
    """Connections and headers for requests; used by one thread.

    Raises:
        ConfigError: the file, or a file that it names, cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._config, self._pool = self._read()
        self._seen = self._signature()
        self.headers()

    def pool(self) -> urllib3.PoolManager:
        """Return the connections.

        Raises:
            ConfigError: a file has changed and cannot be used any more.
        """
        signature = self._signature()
        if signature != self._seen:
            config, pool = self._read()
            self._pool.clear()
            self._config, self._pool = config, pool
            self._seen = self._signature()
        return self._pool

    def headers(self) -> dict[str, str]:
        """Return the headers of a request, with the credentials of this moment.

        Raises:
            ConfigError: the file with the password or token cannot be read.
        """
        basic, token = self._config.basic_auth, self._config.authorization
        if basic is not None:
            word = _secret(basic.password, basic.password_file)
            # In UTF-8, as Prometheus sends it: https://www.rfc-editor.org/rfc/rfc7617#section-2.1
            return {
                **_HEADERS,
                "Authorization": f"Basic {b64encode(f'{basic.username}:{word}'.encode()).decode()}",
            }
        if token is not None:
            secret = _secret(token.credentials, token.credentials_file)
            if not (secret.isascii() and secret.isprintable()):
                raise ConfigError(
                    f"{self._path}: authorization: the token has letters that no header can carry"
                )
            return {**_HEADERS, "Authorization": f"{token.type} {secret}"}
        return dict(_HEADERS)

    def _read(self) -> tuple[HttpConfig, urllib3.PoolManager]:
        config = load(self._path) if self._path is not None else HttpConfig()
        return config, _pool(config.tls_config)

    def _signature(self) -> _Signature:
        files = (self._path, *self._config.tls_config.files()) if self._path is not None else ()
        return tuple(_fingerprint(path) for path in files)


def _fingerprint(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _secret(word: str | None, file: Path | None) -> str:
    """Return a password or token; line ends around one in a file are not part of it."""
    if file is None:
        return word or ""
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{file}: cannot read it: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: cannot read it: {error}") from error
    if not secret.isprintable():
        raise ConfigError(f"{file}: has more than one line, or something that no header can carry")
    return secret


def _pool(tls: TlsConfig) -> urllib3.PoolManager:
    """Return a place for connections; what is wrong with a certificate shows here.

    Without a word about TLS the library verifies servers by the system's authorities, and reads those only
    when it needs them: they are some megabytes.
    """
    if tls == TlsConfig():
        return urllib3.PoolManager(num_pools=_CONNECTIONS, retries=False)
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"tls_config: {' '.join(map(str, tls.files()))}: cannot be used: {error}"
        ) from error
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # A person has asked for it; the library would say so at each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return urllib3.PoolManager(
        num_pools=_CONNECTIONS, retries=False, ssl_context=context, server_hostname=tls.server_name
    )

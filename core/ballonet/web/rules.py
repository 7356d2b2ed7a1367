"""TLS, users, headers and rate in force; re-read when the web file or a certificate changes.

A change that cannot be used leaves the last good rules in force and is logged once: a half-written
certificate, or one whose key is still to follow, neither opens nor closes the door.
"""

import logging
import os
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from ballonet.errors import ConfigError
from ballonet.web import config
from ballonet.web.message import Request, Response, text
from ballonet.web.rate import Rate
from ballonet.web.tls import Tls
from ballonet.web.users import Users

log = logging.getLogger(__name__)

_REALM: Final = 'Basic realm="ballonet", charset="UTF-8"'

_Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one reading of the web file came to."""

    tls: Tls | None = None
    users: Users | None = None
    rate: Rate | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that these rules do not let through, None for the others."""
        if self.rate is not None and not self.rate.allows():
            return text("429 Too Many Requests", HTTPStatus.TOO_MANY_REQUESTS, Retry_After="1")
        if self.users is not None and not self.users.admits(request.header("authorization")):
            return text("401 Unauthorized", HTTPStatus.UNAUTHORIZED, WWW_Authenticate=_REALM)
        return None


class RulesFile:
    """The web file and the rules that it came to. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: it, or a certificate that it names, cannot be used.
        """
        self._path = path
        self._lock = threading.Lock()
        self._watched: tuple[Path, ...] = (path,)
        self._seen = self._signature()
        self._rules = self._read()

    def current(self) -> Rules:
        """Return the rules in force, read anew if a file changed since the last call."""
        with self._lock:
            signature = self._signature()
            if signature != self._seen:
                self._seen = signature
                self._reread()
            return self._rules

    def _reread(self) -> None:
        try:
            self._rules = self._read()
        except ConfigError as error:
            log.warning("web file refused, the last good one stays in force", extra={"error": str(error)})
        else:
            log.info("web file read", extra={"file": str(self._path)})

    def _read(self) -> Rules:
        loaded = config.load(self._path)
        tls = loaded.tls_server_config
        self._watched = (self._path, *tls.files())
        self._seen = self._signature()
        try:
            return _rules(loaded)
        except ConfigError as error:
            raise ConfigError(f"{self._path}: {error}") from error

    def _signature(self) -> _Signature:
        """Return what changes when one of the files does, symbolic links followed."""
        return tuple(_fingerprint(path) for path in self._watched)


def _fingerprint(path: Path) -> tuple[str, int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - on the path of every request.
    except OSError:
        return str(path), 0, 0, 0
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino


def _rules(loaded: config.WebFile) -> Rules:
    limit = loaded.rate_limit
    return Rules(
        tls=Tls(loaded.tls_server_config) if loaded.tls_server_config.is_wanted else None,
        users=Users(loaded.basic_auth_users) if loaded.basic_auth_users else None,
        rate=Rate(limit.interval, limit.burst) if limit.interval else None,
        headers=tuple((name, value) for name, value in loaded.http_server_config.headers.items() if value),
    )

"""Who may come in with a password: HTTP basic authentication against bcrypt hashes.

A bcrypt check costs 50 to 100 ms of a processor on purpose. So results are remembered, one check runs at a
time (guessing clients cannot take every core), and a user who does not exist costs as much as a wrong
password, so that the time of an answer does not tell who exists.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import bcrypt

_REMEMBERED: Final = 128
_LONGEST_PASSWORD: Final = 72  # Bytes that bcrypt looks at; Go's comparison ignores the rest as well.


class Users:
    """The users of ``basic_auth_users``, name to bcrypt hash. Thread-safe."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {name.encode(): hashed.encode() for name, hashed in hashes.items()}
        self._decoy = max(self._hashes.values(), key=lambda hashed: hashed[4:6])
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, bool] = OrderedDict()
        self._lock = threading.Lock()
        self._checking = threading.Lock()

    def admits(self, authorization: str) -> bool:
        """Whether the value of an ``Authorization`` header names a user with the right password."""
        name, password = _credentials(authorization)
        ticket = hmac.digest(self._key, hashlib.sha256(name).digest() + password, "sha256")
        known = self._remembered(ticket)
        if known is not None:
            return known
        with self._checking:
            right = self._check(name, password)
        self._remember(ticket, right=right)
        return right

    def _check(self, name: bytes, password: bytes) -> bool:
        hashed = self._hashes.get(name)
        matches = bcrypt.checkpw(password[:_LONGEST_PASSWORD], hashed or self._decoy)
        return matches and hashed is not None

    def _remembered(self, ticket: bytes) -> bool | None:
        with self._lock:
            known = self._known.get(ticket)
            if known is not None:
                self._known.move_to_end(ticket)
            return known

    def _remember(self, ticket: bytes, *, right: bool) -> None:
        with self._lock:
            self._known[ticket] = right
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _credentials(authorization: str) -> tuple[bytes, bytes]:
    """Return name and password, both empty when the header holds none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b"", b""
    name, _, password = decoded.partition(b":")
    return name, b"" if b"\0" in password else password

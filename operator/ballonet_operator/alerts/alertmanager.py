"""One Alertmanager over HTTP: which of the alerts that rules are about fire, and nobody has silenced."""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from ballonet.errors import AlertmanagerFailed, ConfigError
from ballonet_operator.alerts.access import Access
from ballonet_operator.alerts.alert import Alert, parse
from ballonet_operator.alerts.questions import Question

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of one answer; 10,000 alerts as Prometheus writes them are about 6 MiB."""
_ACTIVE: Final = (("active", "true"), ("silenced", "false"), ("inhibited", "false"))
_PATH: Final = "/api/v2/alerts"
_PIECE: Final = 65536
_SILENCE: Final = 5.0
"""Seconds without a byte after which a server is given up."""
_LONGEST: Final = 10.0
"""Seconds that one answer may take altogether."""


class Alertmanager:
    """One of them; used by one thread."""

    def __init__(self, url: str, access: Access, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url.rstrip("/")
        self._access = access
        self._clock = clock

    def alerts(self, questions: Iterable[Question]) -> dict[str, Alert]:
        """Return the alerts that fire and meet one of the questions, by fingerprint.

        Raises:
            AlertmanagerFailed: not all of it could be learned.
        """
        return {alert.fingerprint: alert for question in questions for alert in parse(self._ask(question))}

    def _ask(self, question: Question) -> bytes:
        query = urlencode([*_ACTIVE, *(("filter", each) for each in question)])
        try:
            return self._get(f"{self.url}{_PATH}?{query}")
        except ConfigError as error:
            raise AlertmanagerFailed(str(error), cause="unusable") from error
        except (HTTPError, OSError) as error:
            raise AlertmanagerFailed(f"it does not answer: {_cause(error)}", cause="unreachable") from error

    def _get(self, url: str) -> bytes:
        """Return what it answers. Redirections are not followed, credentials are for this server alone."""
        deadline = self._clock() + _LONGEST
        response = self._access.pool().request(
            "GET",
            url,
            headers=self._access.headers(),
            timeout=urllib3.Timeout(connect=_SILENCE, read=_SILENCE),
            preload_content=False,
            redirect=False,
        )
        try:
            body = self._body(response, deadline)
            response.drain_conn()  # It has noticed the end only now, and the connection can be used again.
            response.release_conn()
        finally:
            response.close()
        return body

    def _body(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """Read an answer piece by piece, so that one without end is noticed."""
        if response.status != HTTPStatus.OK:
            raise AlertmanagerFailed(f"it answers {_status(response.status)}", cause="refused")
        pieces, size = [], 0
        while piece := response.read1(_PIECE, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise AlertmanagerFailed(
                    f"the answer cannot be used: it is longer than {MOST_BYTES} bytes", cause="unusable"
                )
            if self._clock() > deadline:
                raise AlertmanagerFailed(
                    f"it does not answer: the answer had not ended after {_LONGEST:g} s", cause="unreachable"
                )
        return b"".join(pieces)


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _cause(error: Exception) -> str:
    """Return what went wrong in one line; the library wraps it in its own words, objects included."""
    text = " ".join(str(error).split())
    return text.rpartition(">: ")[2] or type(error).__name__

"""One connection's requests and answers, on the standard library's HTTP parser."""

import gzip
import http.client
import logging
import ssl
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from ballonet.web.connections import Connection, Limits
from ballonet.web.message import Handler, Request, Response, accepts_gzip, text

if TYPE_CHECKING:
    from socketserver import BaseServer

    from ballonet.web.rules import RulesFile

log = logging.getLogger(__name__)

_LONGEST_HEAD: Final = 16 * 1024  # Bytes of request line and headers; nginx and Apache allow 8 KiB a line.
_MOST_PARAMETERS: Final = 64
_SMALLEST_GZIP: Final = 1024  # Below this, compressing saves no packet.
_GZIP_LEVEL: Final = 1  # A fifth of level 9's time for a tenth more bytes, on metrics text.
_ALLOWED: Final = "GET, HEAD"


class _Head:
    """The reading side of a connection, which gives at most ``_LONGEST_HEAD`` bytes per request."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.left = _LONGEST_HEAD

    def readline(self, limit: int) -> bytes:
        """Return the next line.

        Raises:
            http.client.LineTooLong: the request's head is too long; the parser answers 431.
        """
        line = self._stream.readline(min(limit, self.left + 1))
        self.left -= len(line)
        if self.left < 0:
            raise http.client.LineTooLong("request")
        return line

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    @property
    def closed(self) -> bool:
        """Whether the stream is closed."""
        return self._stream.closed


class Exchange(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another, until either side ends it."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # The parser's own 0.9 would be answered without a head.
    wbufsize = -1  # Head and body leave in one piece.
    disable_nagle_algorithm = True

    def __init__(
        self,
        connection: Connection,
        client: object,
        server: "BaseServer",
        routes: Mapping[str, Handler],
        rules: "RulesFile | None",
        limits: Limits,
    ) -> None:
        self._place = connection
        self._routes = routes
        self._rules = rules
        self._limits = limits
        super().__init__(connection.stream, client, server)

    def setup(self) -> None:
        """Put the bound on the head's size before the parser."""
        super().setup()
        self._head = _Head(self.rfile)
        self.rfile = self._head  # type: ignore[assignment]

    def finish(self) -> None:
        """Close both sides; what a client that left did not take is lost."""
        with suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        """Read one request and answer it; a client that leaves meanwhile ends the connection."""
        self._gzip = False
        self.close_connection = True  # Until the parser knows better.
        try:
            if self._read():
                self._place.works(self._limits.answer)
                self._answer()
            self.wfile.flush()
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            log.debug("client left", extra={"error": str(error)})
            self.close_connection = True
        self.close_connection = self.close_connection or self._place.last
        self._place.waits(self._limits.idle)
        self._head.left = _LONGEST_HEAD

    def _read(self) -> bool:
        """Parse a request's head; False when there is none, or it is wrong and was answered."""
        self.command, self.requestline, self.request_version = "", "", self.protocol_version
        try:
            self.raw_requestline = self._head.readline(_LONGEST_HEAD + 1)
        except http.client.LineTooLong:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return False
        return bool(self.raw_requestline) and self.parse_request()

    def _answer(self) -> None:
        """Send what the handler says; where it fails send 500, and let the error reach the log."""
        response = text("500 Internal Server Error: see this program's log", HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            response = self._respond()
        finally:
            broken = response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR}
            self.close_connection = self.close_connection or broken
            self._send(response)

    def _respond(self) -> Response:
        """Find and call the handler; everything that is refused is refused here."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._gzip = accepts_gzip(headers.get("accept-encoding", ""))
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            self.close_connection = True  # The body stays unread, and must not be taken for a request.
        try:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            return text("400 Bad Request: the address cannot be read", HTTPStatus.BAD_REQUEST)
        fields = {name: tuple(values) for name, values in query.items()}
        request = Request(path=parts.path, query=fields, headers=headers)
        refusal = self._rules.current().refusal(request) if self._rules else None
        return refusal or self._route(request)

    def _route(self, request: Request) -> Response:
        handler = self._routes.get(request.path)
        if handler is None:
            return text("404 Not Found", HTTPStatus.NOT_FOUND)
        if self.command not in {"GET", "HEAD"}:
            return text("405 Method Not Allowed", HTTPStatus.METHOD_NOT_ALLOWED, Allow=_ALLOWED)
        return handler(request)

    def _send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Vary", "Accept, Accept-Encoding")
        if self._gzip and len(body) >= _SMALLEST_GZIP:
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        for name, value in (*response.headers, *(self._rules.current().headers if self._rules else ())):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the parser refuses, in plain text; the connection ends after it."""
        del explain
        self.close_connection = True
        status = HTTPStatus(code)
        self._send(text(f"{code} {status.phrase}" + (f": {message[:100]}" if message else ""), status))

    def version_string(self) -> str:
        """Return the Server header; no version, which would only help who looks for holes."""
        return "ballonet"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parser's own name.
        """Log a request for who looks for trouble; scrapes are too many for more."""
        log.debug("request", extra={"client": self.client_address[0], "request": format % args})

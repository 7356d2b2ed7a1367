"""A small threaded HTTP(S) server on the standard library's own, for scrapers, probes and a browser.

What it adds to ``http.server``: a bounded number of connections with deadlines (``connections``), the TLS
handshake in the connection's own thread (in the accept loop one silent client would block every scrape),
a bound on the size of a request, HEAD, gzip, and an orderly end.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from socketserver import BaseRequestHandler, BaseServer, TCPServer
from typing import TYPE_CHECKING, Final

from ballonet.web import address
from ballonet.web.connections import Connection, Connections, Limits
from ballonet.web.exchange import Exchange
from ballonet.web.message import Handler

if TYPE_CHECKING:
    from ballonet.web.rules import RulesFile
    from ballonet.web.tls import Tls

log = logging.getLogger(__name__)

_GOODBYE: Final = 0.5  # Seconds to wait for the client's last words,
_GOODBYE_READS: Final = 16  # and how many there may be.
_TURN: Final = 5.0  # Seconds; ten times what a turn of an accept loop takes where nothing comes.
_CROWDED: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
_PLAIN_ON_TLS: Final = (
    b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis port speaks HTTPS: use https:// in the URL.\n"
)


class Server:
    """Serves ``routes`` (path to handler) on every socket until stopped.

    Args:
        sockets: listening sockets, from ``address.listen`` or ``address.from_systemd``; owned from here on.
        routes: handlers by exact path; they run in several threads at once.
        rules: what ``--web.config.file`` says, None without one: plain HTTP for everybody.
        limits: what clients may ask.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        routes: Mapping[str, Handler],
        *,
        rules: "RulesFile | None" = None,
        limits: Limits | None = None,
    ) -> None:
        self._connections = Connections(limits or Limits())
        self._listeners = [_Listener(sock, routes, self._connections, rules) for sock in sockets]
        self._threads: list[threading.Thread] = []

    @property
    def addresses(self) -> list[address.Address]:
        """Where this server can be reached; a port 0 is the real one here."""
        names = [listener.socket.getsockname() for listener in self._listeners]
        return [address.Address(str(name[0]), int(name[1])) for name in names]

    def start(self) -> None:
        """Accept clients, each listening socket in a thread of its own."""
        for listener in self._listeners:
            look = self._connections.limits.precision
            thread = threading.Thread(
                target=listener.serve_forever, args=(look,), name="web-listener", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def turning(self) -> bool:
        """Whether a new client would be served: every accept loop turns, and some place can be had.

        What is asked for here is what only a new start would mend. A guest or a libvirtd that hangs is not: a
        request for it ends by its own deadline, and its place is free again.
        """
        now = time.monotonic()
        return all(now - listener.turned < _TURN for listener in self._listeners) and (
            self._connections.stuck(now - _TURN) < self._connections.limits.connections
        )

    def stop(self, grace: float = 5.0) -> None:
        """Accept nobody any more, let running requests finish within ``grace`` seconds, and close."""
        for listener in self._listeners:
            if self._threads:
                listener.shutdown()
            listener.server_close()
        self._connections.drain(grace)
        for thread in self._threads:
            thread.join()


class _Listener(TCPServer):
    """One listening socket. Its accept loop does nothing that could wait for a client."""

    def __init__(
        self,
        sock: socket.socket,
        routes: Mapping[str, Handler],
        connections: Connections,
        rules: "RulesFile | None",
    ) -> None:
        # Not TCPServer's own, which makes a socket: a sandbox may allow none of the internet.
        BaseServer.__init__(self, ("", 0), BaseRequestHandler)
        self.socket = sock
        self._routes = routes
        self._connections = connections
        self._rules = rules
        self.turned = time.monotonic()

    def service_actions(self) -> None:
        self._connections.expire()
        self.turned = time.monotonic()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client: object) -> None:
        """Give the client a place and a thread, or turn it away."""
        assert isinstance(request, socket.socket)
        connection = self._connections.enter(request)
        if connection is None:
            self._turn_away(request)
            return
        threading.Thread(
            target=self._serve, args=(connection, client), name="web-connection", daemon=True
        ).start()

    def _turn_away(self, request: socket.socket) -> None:
        log.warning("all connections are busy, turning a client away")
        if self._rules is None:
            with suppress(OSError):
                request.settimeout(0)
                request.send(_CROWDED)
        self.shutdown_request(request)

    def _serve(self, connection: Connection, client: object) -> None:
        """Serve one connection to its end; the target of its thread."""
        try:
            rules = self._rules.current() if self._rules else None
            if rules is None or rules.tls is None or _secured(connection, rules.tls):
                Exchange(connection, client, self, self._routes, self._rules, self._connections.limits)
        finally:
            if not connection.over:
                _say_goodbye(connection.stream)
            self._connections.leave(connection)
            self.shutdown_request(connection.stream)


def _say_goodbye(stream: socket.socket) -> None:
    """End our side and read what the client still sends, for a moment.

    Closing with unread bytes makes the kernel reset the connection, and the client would lose the answer that
    says what was wrong with its request (RFC 9112, 9.6). A TLS client has to do without.
    """
    if isinstance(stream, ssl.SSLSocket):
        return
    with suppress(OSError):
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(_GOODBYE)
        for _ in range(_GOODBYE_READS):
            if not stream.recv(65536):
                return


def _secured(connection: Connection, tls: "Tls") -> bool:
    """Do the TLS handshake; False when it fails."""
    try:
        connection.stream = stream = tls.wrap(connection.stream)
        if connection.over:  # It was cut while the socket changed hands.
            return False
        stream.do_handshake()
    except ssl.SSLError as error:
        if error.reason == "HTTP_REQUEST":
            with suppress(OSError):
                socket.socket.send(connection.stream, _PLAIN_ON_TLS)
        log.info("TLS handshake failed", extra={"error": error.reason or str(error)})
        return False
    except OSError as error:
        log.debug("client left during the TLS handshake", extra={"error": str(error)})
        return False
    if not tls.admits(stream):
        log.info("no name in the client's certificate is allowed")
        return False
    return True

"""How many connections a server holds, and for how long.

A thread serves each connection, so an unbounded number of silent clients would be an unbounded number of
threads. Here a silent client costs the server one of ``limit`` places, for a limited time, and loses it to
the next client when all places are taken. That covers every way to be slow: in the TLS handshake, in the
middle of a request, between requests, and in taking the answer.
"""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a client may ask of the server.

    Attributes:
        connections: open at once; Prometheus uses one or two per server.
        first_request: seconds from connecting to a complete first request, TLS handshake included.
        idle: seconds between requests; longer than the usual scrape interval, so that scrapers keep theirs.
        answer: seconds from a complete request to a sent answer; above any sensible scrape time-out.
        precision: seconds between looks at these times, which also bounds how long stopping takes.
    """

    connections: int = 32
    first_request: float = 10.0
    idle: float = 120.0
    answer: float = 60.0
    precision: float = 0.5


class Connection:
    """One client's place.

    Attributes:
        busy: its request is being answered.
        last: no request is taken after this one, the server stops.
        over: it was cut.
    """

    __slots__ = ("busy", "deadline", "last", "over", "since", "stream")

    def __init__(self, stream: socket.socket, patience: float) -> None:
        self.stream = stream
        self.last = False
        self.over = False
        self.waits(patience)

    def waits(self, patience: float) -> None:
        """Note that the client has ``patience`` seconds to send its next request."""
        self.busy = False
        self.since = time.monotonic()
        self.deadline = self.since + patience

    def works(self, patience: float) -> None:
        """Note that a request came, and must be answered within ``patience`` seconds."""
        self.deadline = time.monotonic() + patience
        self.busy = True

    def cut(self) -> None:
        """End the connection from another thread; its own thread wakes up with an end of file.

        The plain shutdown is called also for TLS: SSLSocket's own would take the session away from the
        thread that is using it.
        """
        self.over = True
        with suppress(OSError):
            socket.socket.shutdown(self.stream, socket.SHUT_RDWR)


class Connections:
    """All connections of one server. Thread-safe."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._open: set[Connection] = set()

    def __len__(self) -> int:
        with self._lock:
            return len(self._open)

    def enter(self, stream: socket.socket) -> Connection | None:
        """Give a new client a place, taking that of the one that has been silent longest if need be.

        Returns None when every place belongs to a request that is being answered.
        """
        with self._lock:
            if len(self._open) >= self.limits.connections and not self._evict():
                return None
            connection = Connection(stream, self.limits.first_request)
            self._open.add(connection)
            return connection

    def _evict(self) -> bool:
        silent = [connection for connection in self._open if not connection.busy]
        if not silent:
            return False
        longest = min(silent, key=lambda connection: connection.since)
        longest.cut()
        self._open.remove(longest)
        return True

    def leave(self, connection: Connection) -> None:
        """Free the place of a connection whose thread ends."""
        with self._lock:
            self._open.discard(connection)
            self._left.notify_all()

    def expire(self) -> None:
        """Cut every connection whose time is over; called regularly."""
        now = time.monotonic()
        with self._lock:
            overdue = [connection for connection in self._open if connection.deadline <= now]
        for connection in overdue:
            connection.cut()

    def stuck(self, since: float) -> int:
        """Return how many places are held by connections that were cut before ``since`` and do not end."""
        # No lock: whoever asks must not hang with the one that holds it.
        return sum(connection.deadline < since for connection in tuple(self._open))

    def drain(self, grace: float) -> None:
        """Cut the silent connections at once, and the others when their answer or ``grace`` is over."""
        deadline = time.monotonic() + grace
        with self._lock:
            for connection in self._open:
                connection.last = True
                if not connection.busy:
                    connection.cut()
            self._left.wait_for(lambda: not self._open, max(0.0, deadline - time.monotonic()))
            for connection in self._open:
                connection.cut()

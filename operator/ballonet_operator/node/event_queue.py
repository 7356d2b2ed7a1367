"""Events on their way to the API server: judged in the cycle's thread, sent in the reporter's.

Bounded: what happens while the API server is away is mostly old when it is back.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from ballonet.api_kinds import EVENTS
from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused
from ballonet_operator.node.event_object import NAMESPACE, event_object
from ballonet_operator.node.event_rate import EventRate
from ballonet_operator.node.host_events import HostEvent, Vigil
from ballonet_operator.node.host_object import MANAGER
from ballonet_operator.node.recent import Recent

log = logging.getLogger(__name__)

_LONGEST: Final = 32
_EXISTS: Final = 409


class EventQueue:
    """Keeps the vigil, and sends what it tells; thread-safe."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._vigil, self._rate = Vigil(), EventRate()
        self._waiting: deque[HostEvent] = deque()
        self._counts: Counter[str] = Counter({"events_done": 0, "events_failed": 0, "events_dropped": 0})

    def record(self, recent: Recent) -> bool:
        """Take note of a cycle; returns whether there is something to send because of it."""
        self._vigil, found = self._vigil.after(recent)
        return sum(self._admit(each) for each in found) > 0

    def _admit(self, event: HostEvent) -> bool:
        with self._lock:
            before, (self._rate, passed) = self._rate.dropped, self._rate.admit(event)
            if passed is None:
                self._counts["events_dropped"] += max(0, self._rate.dropped - before)
                return False
            self._waiting.append(passed)
            if len(self._waiting) > _LONGEST:
                self._waiting.popleft()
                self._counts["events_dropped"] += 1
        return True

    def send(self, node: str, uid: str) -> None:
        """Send what waits.

        Raises:
            ApiServerUnreachable: the rest waits on.
        """
        while True:
            with self._lock:
                event = self._waiting[0] if self._waiting else None
            if event is None:
                return
            result = self._create(event, node, uid)
            with self._lock:
                self._counts[result] += 1
                if self._waiting and self._waiting[0] is event:
                    self._waiting.popleft()

    def _create(self, event: HostEvent, node: str, uid: str) -> str:
        body = event_object(event, node, uid)
        try:
            self._server.create(EVENTS, body, namespace=NAMESPACE, manager=MANAGER)
        except ApiServerRefused as error:
            if error.code != _EXISTS:  # An agent before this one has told it.
                log.warning("event not made", extra={"event": event.reason, "error": str(error)})
                return "events_failed"
        return "events_done"

    def counts(self) -> Mapping[str, int]:
        """Return how many Events ended how, and how many were left out."""
        with self._lock:
            return dict(self._counts)

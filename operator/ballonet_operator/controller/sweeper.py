"""Removes the BalloonHosts of nodes that are gone, after a delay.

Mostly Kubernetes does it first, because a BalloonHost is owned by its Node. This is for those without an
owner, and for clusters whose garbage collector is off. A BalloonHost holds nothing that an agent could not
write anew.
"""

import logging
from collections.abc import Mapping

from ballonet.api_kinds import HOSTS, NODES
from ballonet.apiserver import ApiServer
from ballonet_operator.controller.host_facts import HostFacts
from ballonet_operator.controller.record import Record

log = logging.getLogger(__name__)


class Sweeper:
    """Knows for how long each BalloonHost has had no node.

    Args:
        server: asked for the node once more before a BalloonHost is deleted.
        expiry: seconds without a node.
    """

    def __init__(self, server: ApiServer, record: Record, *, expiry: float) -> None:
        self._server, self._record, self._expiry = server, record, expiry
        self._since: dict[tuple[str, str], float] = {}

    def look(self, homeless: Mapping[str, HostFacts], *, clock: float) -> None:
        """Take note of the hosts that have no node now."""
        before = self._since
        keys = ((name, host.uid) for name, host in homeless.items())
        self._since = {key: before.get(key, clock) for key in keys}

    def due(self) -> float | None:
        """Return when the next host is to be removed, by the same clock; None where there is none."""
        return min(self._since.values()) + self._expiry if self._since else None

    def sweep(self, *, clock: float) -> None:
        """Remove what is due.

        Raises:
            ApiServerUnreachable, ApiServerRefused: it is tried again by the next sweep.
        """
        for (name, uid), since in list(self._since.items()):
            if since + self._expiry <= clock:
                self._remove(name, uid)
                # The watch tells of it soon; should it not be so, it is a new case.
                self._since[name, uid] = clock

    def _remove(self, name: str, uid: str) -> None:
        if any(self._server.list(NODES, fieldSelector=f"metadata.name={name}")):
            log.warning("host kept: its node exists, but no list or watch told of it", extra={"host": name})
            return
        if self._server.delete(HOSTS, name, uid=uid):
            self._record.removed()
            log.info("host removed, its node is gone", extra={"host": name})

"""The BalloonHost in the cluster, as far as this agent knows it, and the requests that change it.

What to write and when is not decided here. One thread uses it; others may look at ``status``.
"""

from collections import Counter
from collections.abc import Mapping

from ballonet.api_kinds import HOSTS
from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet_operator.node.host_object import MANAGER, host_object, read_back, status_object

_NOT_FOUND = 404


class HostWriter:
    """Writes one object.

    Attributes:
        status: as last written or read; None while there is none.
        uid: of the BalloonHost; empty while there is none.
        owner: uid of the node that the object was last seen to belong to.
    """

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._counts: Counter[str] = Counter({"writes_done": 0, "writes_failed": 0})
        self.status: HostStatus | None = None
        self.uid = ""
        self.owner = ""

    def counts(self) -> Mapping[str, int]:
        """Return how many writes ended how."""
        return dict(self._counts)

    def meet(self, node: str, owner: str) -> None:
        """Read the object, and make it where it is missing or belongs to a node that is gone."""
        found = self._server.get(HOSTS, node)
        written = None if found is None else read_back(found)
        self.status = None if written is None else written.status
        if written is None or written.owners != {owner}:
            self._apply(node, owner)
        else:
            self.uid, self.owner = written.uid, owner

    def write(self, node: str, owner: str, status: HostStatus) -> None:
        """Write the status; an object that somebody deleted is made anew for it."""
        try:
            self._counted(node, status)
        except ApiServerRefused as error:
            if error.code != _NOT_FOUND:
                raise
            self._apply(node, owner)
            self._counted(node, status)
        self.status = status

    def _apply(self, node: str, owner: str) -> None:
        made = read_back(self._server.apply(HOSTS, host_object(node, owner), manager=MANAGER))
        self.uid, self.owner = made.uid, owner

    def _counted(self, node: str, status: HostStatus) -> None:
        try:
            self._server.apply(HOSTS, status_object(node, status), manager=MANAGER, subresource="status")
        except (ApiServerRefused, ApiServerUnreachable):
            self._counts["writes_failed"] += 1
            raise
        self._counts["writes_done"] += 1

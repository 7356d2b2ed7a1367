"""The names of this host, some of which are only known after a while."""

import socket
from collections.abc import Callable, Iterable

from ballonet_operator.alerts.matching import host_names


class OwnNames:
    """What alerts may call this host.

    Args:
        host: its name in policies.
        given: further names, from whoever set the agent up.
        addresses: of the host's Node in Kubernetes, as last seen.
    """

    def __init__(
        self, host: str, given: Iterable[str] = (), addresses: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._host = host
        self._given = tuple(given)
        self._addresses = addresses
        self._qualified = ""

    def resolve(self) -> None:
        """Look up the machine's full name; that may take as long as the name server does not answer."""
        self._qualified = socket.getfqdn()

    def __call__(self) -> frozenset[str]:
        """Return them as they are known now."""
        return host_names(self._host, self._qualified, (*self._given, *self._addresses()))

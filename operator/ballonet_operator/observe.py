"""Observe: one snapshot of the host and its guests; everything else in a cycle reads only that."""

import time
from collections.abc import Callable
from typing import Protocol

from ballonet.decision import View
from ballonet.guest import Guest
from ballonet.host import Host
from ballonet.hypervisor import Survey


class Reader(Protocol):
    """The part of ``ballonet.hypervisor.Hypervisor`` that reads."""

    def read(self, deadline: float | None = None) -> Survey:
        """Read every guest."""
        ...

    def reread(self, guest: Guest) -> None:
        """Read the guest's XML anew in the next read."""
        ...


class Observer:
    """Takes snapshots, over a read-only connection."""

    def __init__(
        self, hypervisor: Reader, host: Callable[[], Host], clock: Callable[[], float] = time.time
    ) -> None:
        self._hypervisor = hypervisor
        self._host = host
        self._clock = clock

    def observe(self) -> View:
        """Return the host and its guests as they are now.

        The host is read right after the guests: a guest that grew in between would only be counted twice,
        which errs on the side of less to give.

        Raises:
            HypervisorUnreachable: libvirt does not answer.
            ConfigError: the kernel does not tell its memory.
        """
        survey = self._hypervisor.read()
        return View(host=self._host(), guests=survey.guests, now=self._clock())

    def changed(self, guest: Guest) -> None:
        """Do not rely any more on what is known of a guest's XML."""
        self._hypervisor.reread(guest)

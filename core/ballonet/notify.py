"""Tells systemd how a program is: sd_notify(3), a datagram to the socket named in NOTIFY_SOCKET.

The protocol is stable: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html.
What is told and when, programs decide; a sign of life may follow real progress only.
"""

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000


class Notifier:
    """Sends states to the service manager; does nothing where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of Linux's abstract sockets.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._patience = _watchdog(environment)

    @property
    def pace(self) -> float | None:
        """Seconds between two signs of life: half of what is waited, as sd_watchdog_enabled(3) advises.

        None where nobody waits for them.
        """
        return self._patience / 2 if self._address and self._patience else None

    def need(self, seconds: float) -> None:
        """Have the watchdog wait at least this long, where settings make progress come seldom."""
        if self._patience and self._patience < seconds:
            self._patience = seconds
            self.send(f"WATCHDOG_USEC={round(seconds * _MICROSECONDS)}")

    def send(self, *states: str) -> None:
        """Send states such as ``READY=1``. A manager that does not listen is no reason to stop working."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.settimeout(1.0)
                sock.sendto("\n".join(states).encode(), self._address)
        except OSError as error:
            log.warning("service manager not reached", extra={"error": error.strerror or str(error)})


def _watchdog(environment: Mapping[str, str]) -> float:
    """Return the seconds that the manager waits for this process's signs of life; 0 where it does not."""
    patience = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(patience) / _MICROSECONDS if patience.isascii() and patience.isdecimal() else 0.0

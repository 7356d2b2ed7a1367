"""Tells systemd how the agent is: sd_notify(3), a datagram to the socket named in NOTIFY_SOCKET.

The protocol is stable: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import logging
import os
import socket
from collections.abc import Mapping

from ballonet.quantity import format_size
from ballonet_operator.census import census, reclaimed
from ballonet_operator.report import Report

log = logging.getLogger(__name__)


class Notifier:
    """Sends states to the service manager; does nothing where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of Linux's abstract sockets.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

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


def status_line(report: Report) -> str:
    """Return the one line that ``systemctl status`` shows."""
    if report.lost:
        return f"waiting for libvirt: {' '.join(report.lost.split())}"
    if report.waiting:
        return f"waiting for {report.waiting}"
    counts = census(report)
    return (
        f"{counts['owned']} guests looked after, {counts['starved']} starved, {counts['stuck']} stuck, "
        f"{format_size(reclaimed(report))} reclaimed"
    )

"""libvirt's errors as ours: one table from error code to error and cause.

The numbers are those of libvirt's include/libvirt/virterror.h. They belong to its ABI and never change, so
that this file needs no libvirt and a test can hold them against the real ones.
"""

from dataclasses import dataclass
from typing import Final

from ballonet.errors import BallonetError, GuestGone, HypervisorUnreachable, Refused

# virErrorDomain of errors that the connection itself had: VIR_FROM_RPC and VIR_FROM_REMOTE.
_CONNECTION: Final = frozenset({7, 13})
_INVALID_CONNECTION: Final = 6  # VIR_ERR_INVALID_CONN, whoever says so.
_NO_DOMAIN: Final = 42  # VIR_ERR_NO_DOMAIN
_OPERATION_INVALID: Final = 55  # VIR_ERR_OPERATION_INVALID

# virErrorNumber -> the short constant word that becomes a metric label.
CAUSES: Final = {
    3: "not_supported",  # NO_SUPPORT: the driver lacks this call.
    8: "above_maximum",  # INVALID_ARG: of all arguments only a size can be wrong.
    29: "read_only",  # OPERATION_DENIED
    45: "denied",  # AUTH_FAILED
    _OPERATION_INVALID: "not_running",
    67: "not_supported",  # CONFIG_UNSUPPORTED
    68: "busy",  # OPERATION_TIMEOUT: somebody else has held the guest's job for 30 s.
    74: "no_balloon_device",  # ARGUMENT_UNSUPPORTED
    79: "denied",  # AUTH_CANCELLED
    84: "not_supported",  # OPERATION_UNSUPPORTED
    87: "busy",  # RESOURCE_BUSY
    88: "denied",  # ACCESS_DENIED
    94: "denied",  # AUTH_UNAVAILABLE
}
OTHER: Final = "failed"

# What helps, by what the text of a failed connection says: its code is nearly always SYSTEM_ERROR.
_REMEDIES: Final = (
    ("Permission denied", "run as root, or add this user to the group libvirt"),
    ("authentication", "run as root, or let polkit give this user access to libvirt"),
    ("No such file", "is libvirt running here? try: systemctl start libvirtd"),
    ("Connection refused", "is libvirt running there? try: systemctl start libvirtd"),
    ("certificate", "put the client certificate where libvirt expects it: libvirt.org/kbase/tlscerts.html"),
)
_NO_REMEDY: Final = "try the same address with: virsh -c URI list"


class ConnectionLost(HypervisorUnreachable):
    """The connection broke; the same call may succeed on a new one."""


@dataclass(frozen=True, slots=True)
class LibvirtError:
    """What libvirt's last error says."""

    code: int
    domain: int
    text: str


def unreachable(error: LibvirtError, uri: str) -> HypervisorUnreachable:
    """Return the error for a connection that could not be opened."""
    text = one_line(error.text)
    remedy = next((remedy for word, remedy in _REMEDIES if word.lower() in text.lower()), _NO_REMEDY)
    return HypervisorUnreachable(f"cannot reach libvirt at {uri or 'its default address'}: {text}; {remedy}")


def failure(error: LibvirtError, doing: str, uri: str) -> BallonetError:
    """Return our error for one that libvirt raised while ``doing`` (such as "resize web-1")."""
    text = one_line(error.text)
    if error.domain in _CONNECTION or error.code == _INVALID_CONNECTION:
        return ConnectionLost(f"lost the connection to libvirt at {uri}: {text}")
    if error.code == _NO_DOMAIN:
        return GuestGone(f"cannot {doing}: {text}")
    return Refused(f"cannot {doing}: {text}", cause=_cause(error))


def _cause(error: LibvirtError) -> str:
    # libvirt says "not valid" of a guest that is off as well as of one whose balloon is missing.
    if error.code in (1, _OPERATION_INVALID) and "balloon" in error.text.lower():
        return "no_balloon_device"
    return CAUSES.get(error.code, OTHER)


def one_line(text: str) -> str:
    """Return text from outside on one line, without control characters: it goes to logs and terminals."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))

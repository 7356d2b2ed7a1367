"""The errors that Ballonet's own code raises.

::

    BallonetError
    ├── HypervisorUnreachable   libvirt does not answer: end the cycle, `up` is 0
    ├── GuestGone               the guest vanished between two calls: drop it silently
    ├── Refused                 libvirt will not do this to this guest: report it, go on with the others
    ├── DeadlineExceeded        a call hangs and was abandoned: the guest is left alone until it returns
    ├── ApiServerUnreachable    Kubernetes does not answer: go on with what was last known, try again later
    ├── ApiServerRefused        Kubernetes will not do this: report it, go on with everything else
    ├── AlertmanagerFailed      Alertmanager does not answer, or nonsense: go on with what it last said for a
    │                           while, then without alerts
    └── ConfigError             a person wrote something that cannot be used: one line, exit code 2
"""


class BallonetError(Exception):
    """Base of the tree; never raised itself. ``str()`` of every error is one line for a person."""


class HypervisorUnreachable(BallonetError):  # noqa: N818 - named for the state, as the log and the metric say it.
    """libvirt cannot be reached, or lost its connection and could not be reached again."""


class GuestGone(BallonetError):  # noqa: N818
    """The guest does not exist any more."""


class Refused(BallonetError):  # noqa: N818
    """libvirt refused a request for one guest.

    Attributes:
        cause: a short constant word for metric labels, such as ``no_balloon_device``.
    """

    def __init__(self, message: str, *, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class DeadlineExceeded(BallonetError):  # noqa: N818
    """A libvirt call did not return in time and was abandoned."""


class ApiServerUnreachable(BallonetError):  # noqa: N818
    """The Kubernetes API server cannot be reached, or does not answer in time."""


class ApiServerRefused(BallonetError):  # noqa: N818
    """The Kubernetes API server refused a request.

    Attributes:
        code: the HTTP status.
        reason: Kubernetes' own word for it, such as ``Conflict``; empty where it gave none.
    """

    def __init__(self, message: str, *, code: int, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class AlertmanagerFailed(BallonetError):  # noqa: N818
    """Alertmanager did not tell which alerts fire.

    Attributes:
        cause: a short constant word for metric labels: ``unreachable``, ``refused`` or ``unusable``.
    """

    def __init__(self, message: str, *, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class ConfigError(BallonetError):
    """A flag, a file or a manifest cannot be used. The message says what, where, why and what to do."""

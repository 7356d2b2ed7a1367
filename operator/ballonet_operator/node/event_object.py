"""A Kubernetes Event about a BalloonHost, as JSON (core/v1, where ``kubectl describe`` looks for it).

Pure. The name follows from what is told and when, so that an agent that is started over and over tells a
trouble once in a while and not once per start: the API server refuses the second of its name.
"""

import hashlib
from typing import Final

from ballonet.api_kinds import HOSTS
from ballonet.apiserver import Json
from ballonet.manifests.conditions import timestamp
from ballonet.manifests.v1alpha1_host import HOST_KIND
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE
from ballonet_operator.node.event_rate import SELDOM
from ballonet_operator.node.host_events import HostEvent
from ballonet_operator.node.host_object import MANAGER
from ballonet_operator.node.untrusted import bounded

NAMESPACE: Final = "default"
"""Where Events of objects that have no namespace belong."""
_LONGEST_NAME: Final = 253


def event_object(event: HostEvent, node: str, uid: str) -> Json:
    """Return the Event to create; ``uid`` is that of the BalloonHost."""
    at = timestamp(event.at)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": _name(event, node), "namespace": NAMESPACE},
        "involvedObject": {"apiVersion": HOSTS.api_version, "kind": HOST_KIND, "name": node, "uid": uid},
        "type": "Normal" if event.recovery_of else "Warning",
        "reason": event.reason,
        "message": bounded(event.message, LONGEST_MESSAGE),
        "source": {"component": MANAGER, "host": node},
        "reportingComponent": MANAGER,
        "reportingInstance": node,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def _name(event: HostEvent, node: str) -> str:
    """Return the node's name with a suffix of what is told, and in which stretch of time."""
    when = int(event.at) if event.recovery_of else int(event.at // SELDOM)
    told = f"{event.reason}/{event.subject}/{event.recovery_of}/{when}"
    suffix = f".{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:16]}"
    return node[: _LONGEST_NAME - len(suffix)].rstrip(".-") + suffix

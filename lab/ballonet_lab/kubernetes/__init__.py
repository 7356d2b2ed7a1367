"""A real Kubernetes for the tests of what Ballonet does with one: an API on loopback, or a whole node."""

from ballonet_lab.kubernetes.audit import Request
from ballonet_lab.kubernetes.control_plane import ControlPlane
from ballonet_lab.kubernetes.node import Node
from ballonet_lab.kubernetes.wire import Wire

__all__ = ["ControlPlane", "Node", "Request", "Wire"]

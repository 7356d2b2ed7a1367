"""A real Kubernetes API on loopback: for the tests of everything that Ballonet does with Kubernetes."""

from ballonet_lab.kubernetes.audit import Request
from ballonet_lab.kubernetes.control_plane import ControlPlane
from ballonet_lab.kubernetes.wire import Wire

__all__ = ["ControlPlane", "Request", "Wire"]

"""A real Kubernetes API for the tests of one file, with Ballonet's kinds of objects in it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.objects import namespace_object

CRDS = Path(__file__).resolve().parents[2] / "crds"


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    """A control plane with Ballonet's CRDs and its namespace; objects that a test makes, it removes."""
    with ControlPlane.start() as plane:
        plane.install(*sorted(CRDS.glob("*.yaml")))
        plane.kubectl("apply", "-f", "-", input=json.dumps(namespace_object()))
        yield plane

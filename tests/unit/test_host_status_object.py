"""The BalloonHost object: what is applied, and what is read back from a cluster that anybody may write to."""

from typing import Any

import pytest

from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet_operator.node.host_object import host_object, read_back, status_object


def found(**parts: Any) -> dict[str, Any]:
    metadata = {"name": "kvm-1", "uid": "u-1"} | parts.pop("metadata", {})
    return {"apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonHost", "metadata": metadata, **parts}


def test_the_object_says_whose_it_is_and_nothing_more() -> None:
    assert host_object("kvm-1", "n-1") == {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonHost",
        "metadata": {
            "name": "kvm-1",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "kvm-1", "uid": "n-1"}],
        },
    }


def merged(status: HostStatus) -> dict[str, Any]:
    applied = status_object("kvm-1", status)
    assert applied["metadata"] == {"name": "kvm-1"}
    references = host_object("kvm-1", "n-1")["metadata"]["ownerReferences"]
    return {"metadata": {"ownerReferences": references}, "status": applied["status"]}


def test_what_is_applied_is_what_is_read_back() -> None:
    status = HostStatus(version="1", reclaimed="1Gi")

    written = read_back(found(**merged(status)))

    assert (written.uid, set(written.owners), written.status) == ("u-1", {"n-1"}, status)


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(None, id="none"),
        pytest.param({}, id="empty"),
        pytest.param("text", id="no object"),
        pytest.param({"conditions": [{"type": "not a type"}]}, id="no condition"),
        pytest.param({"guests": {"owned": -1}}, id="a count below zero"),
        pytest.param({"details": [{}] * 1000}, id="too many details"),
    ],
)
def test_a_status_that_is_not_understood_is_none(status: object) -> None:
    assert read_back(found(status=status)).status is None


@pytest.mark.parametrize(
    ("references", "owners"),
    [
        pytest.param(None, set(), id="none"),
        pytest.param("x", set(), id="no list"),
        pytest.param(["x", {"kind": "Pod", "uid": "p"}], set(), id="none of a node"),
        pytest.param([{"kind": "Node", "uid": "a"}, {"kind": "Node", "uid": "b"}], {"a", "b"}, id="two"),
    ],
)
def test_owners_are_nodes(references: object, owners: set[str]) -> None:
    assert read_back(found(metadata={"ownerReferences": references})).owners == owners

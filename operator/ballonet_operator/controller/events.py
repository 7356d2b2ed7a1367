"""Kubernetes Events of the controller. They are for people: ``kubectl describe`` ends with them."""

import hashlib
from typing import Final

from ballonet.api_kinds import POLICIES
from ballonet.apiserver import Json
from ballonet.manifests.conditions import timestamp
from ballonet.manifests.v1alpha1 import KIND
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE
from ballonet_operator.controller.policy_facts import PolicyFacts

NAMESPACE: Final = "default"
"""Where Events of objects without a namespace go, and where kubectl looks for them."""
COMPONENT: Final = "ballonet-controller"


def refused(facts: PolicyFacts, identity: str, *, now: float) -> Json:
    """Return the Event that says why a policy cannot be used.

    Its name is the same for the same generation of the same object, whoever makes it, so that there is one.
    """
    digest = hashlib.sha256(f"{facts.uid} {facts.generation}".encode()).hexdigest()
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"ballonet-policy-refused-{digest[:20]}", "namespace": NAMESPACE},
        "involvedObject": {
            "apiVersion": POLICIES.api_version, "kind": KIND, "name": facts.name, "uid": facts.uid,
        },
        "type": "Warning",
        "reason": "PolicyRefused",
        "message": "; ".join(facts.refused)[:LONGEST_MESSAGE],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": identity[:128],
        "firstTimestamp": timestamp(now),
        "lastTimestamp": timestamp(now),
        "count": 1,
    }  # fmt: skip

"""The rights of deploy/kubernetes, one by one, and accounts that lack one of them."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ballonet.apiserver import Json
from ballonet_lab.kubernetes.audit import Request

DEPLOY: Final = Path(__file__).resolve().parents[1] / "deploy" / "kubernetes"
AGENT: Final = "ballonet-agent"
CONTROLLER: Final = "ballonet-controller"
_FILES: Final = {AGENT: DEPLOY / "agent-rights.yaml", CONTROLLER: DEPLOY / "controller-rights.yaml"}
_ROLES: Final = ("Role", "ClusterRole")


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A verb on a resource, as a role allows it and as the audit log shows it.

    Attributes:
        namespace: empty where all are meant, or none.
        resource: with its subresource, as rules have it.
    """

    verb: str
    resource: str
    namespace: str

    def __str__(self) -> str:
        """As a test's name shows it."""
        return f"{self.verb} {self.resource}" + (f" in {self.namespace}" if self.namespace else "")

    @property
    def asked(self) -> "Use":
        """How the audit log shows the request that needs it: server-side apply is a patch, create or not."""
        if (self.verb, self.resource) == ("create", "balloonhosts"):
            return Use("patch", self.resource, self.namespace)
        return self


def uses(part: str) -> list[Use]:
    """Return all that a part's roles allow, as often as they say it."""
    return sorted(
        Use(verb, resource, role["metadata"].get("namespace", ""))
        for role in _documents(part)
        if role["kind"] in _ROLES
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def used(requests: list[Request]) -> set[Use]:
    """Return what requests made use of; those for no resource, such as discovery, are open to everybody."""
    return {use for each in requests if each.resource for use in _of(each)}


def _of(request: Request) -> Iterator[Use]:
    resource = "/".join(filter(None, (request.resource, request.subresource)))
    yield Use(request.verb, resource, request.namespace)
    if request.verb == "patch" and request.code == 201:
        yield Use("create", resource, request.namespace)


def lacking(part: str, use: Use, account: str) -> list[Json]:
    """Return the objects of another account, which may do all that a part may except for one thing."""
    return [_lacking(each, use, account) for each in _documents(part)]


def _lacking(thing: Json, use: Use, account: str) -> Json:
    other = copy.deepcopy(thing)
    other["metadata"]["name"] = account
    for subject in other.get("subjects", ()):
        subject["name"] = account
    if "roleRef" in other:
        other["roleRef"]["name"] = account
    if other["kind"] in _ROLES and other["metadata"].get("namespace", "") == use.namespace:
        other["rules"] = [rule for old in other["rules"] for rule in _without(old, use)]
    return other


def _without(rule: Json, use: Use) -> Iterator[Json]:
    """Yield what is left of a rule; its other resources keep all of their verbs."""
    for resource in rule["resources"]:
        verbs = [verb for verb in rule["verbs"] if (verb, resource) != (use.verb, use.resource)]
        if verbs:
            yield {**rule, "resources": [resource], "verbs": verbs}


def _documents(part: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(_FILES[part].read_text()))

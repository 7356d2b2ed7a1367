"""The kinds of Kubernetes objects that Ballonet reads or writes, as URLs name them. Nothing is asked for."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as URLs name it.

    Attributes:
        metadata_only: list nothing of it but its metadata, which of a Node is a tenth. kopf's watches do not
            know of it: they fail at the null that an empty list of metadata has in the place of its items.
    """

    group: str
    version: str
    plural: str
    metadata_only: bool = field(default=False, compare=False)

    @property
    def api_version(self) -> str:
        """``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def accept(self) -> str:
        """Return the Accept header of a request for a list of them.

        https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-metadata
        """
        brief = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        return brief if self.metadata_only else JSON

    def path(self, name: str = "", *, namespace: str = "", subresource: str = "") -> str:
        """Return the path of one object, or of all of them."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        parts = ["namespaces", quote(namespace, safe="")] if namespace else []
        parts += [quote(each, safe="") for each in (self.plural, name, subresource) if each]
        return "/".join([root, *parts])


POLICIES: Final = Kind("ballonet.dev", "v1alpha1", "balloonpolicies")
HOSTS: Final = Kind("ballonet.dev", "v1alpha1", "balloonhosts")
NODES: Final = Kind("", "v1", "nodes")
NODE_METADATA: Final = Kind("", "v1", "nodes", metadata_only=True)
EVENTS: Final = Kind("", "v1", "events")
LEASES: Final = Kind("coordination.k8s.io", "v1", "leases")

"""How a v1alpha1 document says which hosts and guests it means; see ``v1alpha1``."""

import re
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from ballonet import policy

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names and .../labels/
_SUBDOMAIN: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_WORD: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"

ObjectName = Annotated[str, StringConstraints(pattern=rf"^{_SUBDOMAIN}$", min_length=1, max_length=253)]
# A set of characters as ``fnmatch`` reads it: its first character may be ] itself, which does not close it.
CLOSED: Final = r"^([^\[]|\[(![\s\S]|[^!])[^\]]*\])*$"
NOT_CLOSED: Final = "[ is not closed: write for example web-[12], or [[] for a [ itself"
EMPTY: Final = "is an empty list: omit the field to select all"
# The keywords in schemas for which ``crd_rules`` has rules.
CLOSED_KEYWORD: Final = "x-ballonet-closed"
SOME_KEYWORD: Final = "x-ballonet-some"


def _closed(pattern: str) -> str:
    """Return a pattern as it is; `fnmatch` would take a [ that is not closed for the character itself."""
    if re.fullmatch(CLOSED, pattern) is None:
        raise ValueError(NOT_CLOSED)
    return pattern


def _some(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was written; a template that came out empty must not select everything."""
    if not entries:
        raise ValueError(EMPTY)
    return entries


Namespace = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63),
    Field(description="A namespace's name."),
]
NamePattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=253),
    AfterValidator(_closed),
    Field(json_schema_extra={CLOSED_KEYWORD: True}),
    Field(description="A name, in which `*`, `?` and `[abc]` match as in a shell."),
]
LabelKey = Annotated[str, StringConstraints(pattern=rf"^({_SUBDOMAIN}/)?{_WORD}$", max_length=317)]
LabelValue = Annotated[
    str,
    StringConstraints(pattern=rf"^({_WORD})?$", max_length=63),
    Field(description="A value of the label; may be empty."),
]

Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=32)]
_Some = AfterValidator(_some)
Patterns = Annotated[
    tuple[NamePattern, ...], Field(max_length=64), _Some, Field(json_schema_extra={SOME_KEYWORD: True})
]
Namespaces = Annotated[
    tuple[Namespace, ...], Field(max_length=64), _Some, Field(json_schema_extra={SOME_KEYWORD: True})
]


class Part(BaseModel):
    """What all parts of the document share: camelCase, nothing unknown, no guessing of types."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


class Operator(StrEnum):
    """How one ``matchExpressions`` entry compares."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelRequirement(Part):
    """One condition on a label, as in every Kubernetes label selector."""

    key: LabelKey = Field(description="The label.", examples=["tier"])
    operator: Operator = Field(description="How the label is compared with `values`.", examples=["In"])
    values: tuple[LabelValue, ...] = Field(
        default=(),
        max_length=64,
        description="What the label is compared with; for `In` and `NotIn` only.",
        examples=[["web", "api"]],
    )

    @model_validator(mode="after")
    def _values_fit_operator(self) -> Self:
        wanted = self.operator in (Operator.IN, Operator.NOT_IN)
        if wanted and not self.values:
            raise ValueError(f"{self.operator} needs values: write for example values: [web]")
        if self.values and not wanted:
            raise ValueError(f"{self.operator} takes no values: remove them, or write In or NotIn")
        return self


class LabelSelector(Part):
    """A Kubernetes label selector: all of it must match."""

    match_labels: Labels = Field(
        default_factory=dict,
        description="Labels that must have exactly these values.",
        examples=[{"tier": "web"}],
    )
    match_expressions: tuple[LabelRequirement, ...] = Field(
        default=(), max_length=32, description="Further conditions on labels; all must be met."
    )

    def requirements(self) -> tuple[policy.Requirement, ...]:
        """Return the selector as the planner reads it."""
        equal = (
            policy.Requirement(key=key, operator=Operator.IN, values=(value,))
            for key, value in sorted(self.match_labels.items())
        )
        others = (
            policy.Requirement(key=each.key, operator=each.operator, values=each.values)
            for each in self.match_expressions
        )
        return (*equal, *others)


class HostSelection(Part):
    """Which hosts a policy is for; what is omitted restricts nothing."""

    names: Patterns = Field(
        default=(),
        description="Shell patterns of host names, of which one must match.",
        examples=[["kvm-*"]],
    )
    selector: LabelSelector = Field(
        default=LabelSelector(), description="Labels of the Kubernetes node; plain hosts have none."
    )

    def to_selector(self) -> policy.Selector:
        """Return the selection as the planner reads it."""
        return policy.Selector(names=self.names, requirements=self.selector.requirements())


class GuestSelection(Part):
    """Which guests a policy is for; what is omitted restricts nothing."""

    names: Patterns = Field(
        default=(),
        description="Shell patterns of guest names (libvirt domains, KubeVirt VMs), of which one must match.",
        examples=[["web-*"]],
    )
    namespaces: Namespaces = Field(
        default=(),
        description="Kubernetes namespaces of KubeVirt guests. A plain libvirt guest is in none.",
        examples=[["shop"]],
    )
    selector: LabelSelector = Field(
        default=LabelSelector(), description="Labels of KubeVirt guests; plain libvirt guests have none."
    )

    def to_selector(self) -> policy.Selector:
        """Return the selection as the planner reads it."""
        return policy.Selector(
            names=self.names, namespaces=self.namespaces, requirements=self.selector.requirements()
        )

"""From the text of a manifest to BalloonPolicy documents, or to one clear line per mistake.

YAML is read as Kubernetes reads it: as JSON in another dress. What would not survive as JSON, and what has
no use in a policy but to exhaust a reader (aliases, deep nesting), is refused. No files are opened here.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import yaml
from pydantic import ValidationError

from ballonet.errors import ConfigError
from ballonet.manifests.mistakes import in_words
from ballonet.manifests.v1alpha1 import API_VERSION, KIND, BalloonPolicy
from ballonet.manifests.v1alpha1_types import shown

MOST_DOCUMENTS: Final = 64
_DEEPEST: Final = 32
_MOST_LINES: Final = 20


class Unusable(ConfigError):  # noqa: N818 - named for the state, as its siblings in errors are.
    """A manifest cannot be used; ``reasons`` holds one line per mistake."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class _Loader(yaml.SafeLoader):
    """YAML without what JSON lacks. Dates stay text, a key given twice is an error, as in Kubernetes."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refusal("aliases are not read here: write it out")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._refusal(f"nested more than {_DEEPEST} levels deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refusal(self, problem: str) -> yaml.MarkedYAMLError:
        mark: yaml.Mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - PyYAML's signature.
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{shown(key.value)} is given twice: remove one", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    where: str  # "document 2: " in a file of several, otherwise empty.
    content: object


def parse(text: str) -> tuple[BalloonPolicy, ...]:
    """Return the policies of a manifest; none when it holds only comments.

    Raises:
        Unusable: the text is no YAML, or one of its documents is no valid BalloonPolicy.
    """
    policies: list[BalloonPolicy] = []
    reasons: list[str] = []
    for raw in _documents(text):
        try:
            policies.append(parse_document(raw.content))
        except Unusable as error:
            reasons += [f"{raw.where}{reason}" for reason in error.reasons]
    names = [each.metadata.name for each in policies]
    twice = sorted({name for name in names if names.count(name) > 1})
    reasons += [f"metadata.name: {name!r} is given to two documents: rename one" for name in twice]
    if reasons:
        raise Unusable(_bounded(reasons))
    return tuple(policies)


def _bounded(reasons: Sequence[str]) -> Sequence[str]:
    more = len(reasons) - _MOST_LINES
    return [*reasons[:_MOST_LINES], f"and {more} more"] if more > 0 else reasons


def _documents(text: str) -> list[_Raw]:
    try:
        # Not safe_load_all, but a loader that is stricter still than PyYAML's safe one.
        contents = [each for each in yaml.load_all(text, Loader=_Loader) if each is not None]
    except yaml.MarkedYAMLError as error:
        raise Unusable([_syntax(error)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unusable([f"no readable YAML: {shown(str(error))}"]) from None
    if len(contents) > MOST_DOCUMENTS:
        raise Unusable([f"{len(contents)} documents in one file: write at most {MOST_DOCUMENTS}"])
    several = len(contents) > 1
    return [
        _Raw(where=f"document {number}: " if several else "", content=content)
        for number, content in enumerate(contents, start=1)
    ]


def _syntax(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{error.problem or error.context or 'no readable YAML'}"


def parse_document(content: object) -> BalloonPolicy:
    """Return the policy that one document is, or one object of a Kubernetes API server.

    Raises:
        Unusable: it is no valid BalloonPolicy.
    """
    _check_kind(content)
    try:
        encoded = json.dumps(content)
    except (TypeError, ValueError):
        raise Unusable(["a value is neither text, number, true, false, list nor map"]) from None
    try:
        return BalloonPolicy.model_validate_json(encoded)
    except ValidationError as error:
        raise Unusable([in_words(each) for each in error.errors(include_url=False)]) from None


def _check_kind(content: object) -> None:
    """Refuse other kinds in words of their own, before each of their fields is called unknown."""
    if not isinstance(content, dict):
        raise Unusable([f"{shown(content)} is no document: write apiVersion, kind, metadata and spec"])
    kind, version = content.get("kind"), content.get("apiVersion")
    if kind != KIND:
        what = "is missing" if kind is None else f"{shown(kind)} is not read here"
        raise Unusable([f"kind: {what}: write {KIND}, and keep other kinds elsewhere"])
    if version != API_VERSION:
        what = "is missing" if version is None else f"{shown(version)} is not known"
        raise Unusable([f"apiVersion: {what}: write {API_VERSION}"])

"""What pydantic found wrong in a BalloonPolicy, in the words of somebody who wants it mended.

Every sentence says what was written, why it cannot be used and what to write instead.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final, get_args

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.manifests.v1alpha1_types import shown

_Location = tuple[int | str, ...]

# By pydantic's error types: https://docs.pydantic.dev/latest/errors/validation_errors/
_SENTENCES: Final = {
    "value_error": "{error}",
    "missing": "is missing{example}",
    "extra_forbidden": "is no field here: {instead}",
    "enum": "{value} is not known: write {expected}",
    "literal_error": "{value} is not known: write {expected}",
    "string_pattern_mismatch": "{value} has characters that are not allowed here{example}",
    "string_too_long": "{value} is longer than {max_length} characters{example}",
    "string_too_short": "{value} is too short{example}",
    "too_long": "has {actual_length} entries: write at most {max_length}",
    "too_short": "has {actual_length} entries: write at least {min_length}",
    "greater_than_equal": "{value} is below {ge}: write {ge} or more{such_as}",
    "less_than_equal": "{value} is above {le}: write {le} or less{such_as}",
    "nothing": "is empty: write a value{such_as}, or remove the line",
    "int": "{value} is not a whole number{example}",
    "float": "{value} is not a number{example}",
    "finite_number": "{value} is not a number{example}",
    "string": "{value} is not text: put it in quotes{example}",
    "tuple": "{value} is not a list{example}",
    "dict": "{value} is not a map{example}",
    "model": "{value} is not a map of fields",
    "unusable": "{value} is not usable{example}",
}


def in_words(error: ErrorDetails) -> str:
    """Return ``FIELD: SENTENCE`` for one of pydantic's errors."""
    location = tuple(part for part in error["loc"] if part != "[key]")
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    plain = path.isascii() and path.isprintable() and len(path) <= 200
    return f"{path if plain else shown(path)}: {_sentence(error, location)}"


def _sentence(error: ErrorDetails, location: _Location) -> str:
    context = {
        key: f"{value:.10g}" if isinstance(value, float) else str(value).replace("'", "")
        for key, value in error.get("ctx", {}).items()
        if key != "error"
    }
    return words(
        _kind(error),
        location,
        value=shown(error["input"]),
        error=str(error.get("ctx", {}).get("error")),
        instead=_instead(location),
        **context,
    )


def words(kind: str, location: _Location, *, value: str, **context: str) -> str:
    """Return the sentence of one of pydantic's types of errors.

    Args:
        kind: the type.
        location: of the field in the document.
        value: what was written, as it is to be shown.
        context: what else the sentence tells, such as the bound that was passed.
    """
    sample = _sample(location)
    return _SENTENCES[kind].format(
        value=value,
        example=f": write for example {sample}" if sample else "",
        such_as=f", such as {sample}" if sample else "",
        **context,
    )


def _kind(error: ErrorDetails) -> str:
    """Return the key of this error's sentence. Wrong types are named after the type that was wanted."""
    kind = error["type"]
    if kind in _SENTENCES:
        return kind
    if error["input"] is None:
        return "nothing"
    return next((start for start in _SENTENCES if kind.startswith(start)), "unusable")


def _instead(location: _Location) -> str:
    known = [name for name in _beside(location) if name != "status"]
    close = get_close_matches(str(location[-1]), known, n=1) if location else []
    return f"did you mean {close[0]}?" if close else f"write one of {', '.join(known)}"


def _sample(location: _Location) -> str | None:
    """Return the field's first example as it would be written; an entry of a list or map has its whole's."""
    while location and isinstance(location[-1], int):
        location = location[:-1]
    for end in (location, location[:-1]):
        field = _beside(end).get(str(end[-1])) if end else None
        if field is not None:
            model, name = field
            examples = model.model_fields[name].examples
            return f"{end[-1]}: {flow(examples[0])}" if examples else None
    return None


def flow(value: object) -> str:
    """Return a value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=200).removesuffix("...\n").strip()


def _beside(location: _Location) -> dict[str, tuple[type[BaseModel], str]]:
    """Return the fields that may stand where ``location`` ends: the written name -> (model, attribute)."""
    model: type[BaseModel] = BalloonPolicy
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        _, attribute = _fields(model).get(part, (model, None))
        nested = None if attribute is None else next(_models(model.model_fields[attribute].annotation), None)
        if nested is None:
            return {}
        model = nested
    return _fields(model)


def _fields(model: type[BaseModel]) -> dict[str, tuple[type[BaseModel], str]]:
    return {field.alias or name: (model, name) for name, field in model.model_fields.items()}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)

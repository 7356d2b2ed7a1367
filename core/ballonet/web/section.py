"""What all sections of the web file have in common."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A part of the file; a key without a value counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


def listed(names: Iterable[str]) -> str:
    """Return the names as an error says them."""
    return ", ".join(names)

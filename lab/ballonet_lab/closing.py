"""What the lab's real parts have in common: each can be used as a context manager, which closes it."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something real that runs until it is closed."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """End it and all that belongs to it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

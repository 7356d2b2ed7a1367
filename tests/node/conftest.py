"""One real node for all tests on it."""

from collections.abc import Iterator

import pytest

from ballonet_lab.kubernetes import Node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A node of its own; what a test makes on it, it removes."""
    with Node.start() as node:
        yield node

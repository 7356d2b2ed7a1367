"""One real node for all tests on it, and what it is told of when one of them fails."""

from collections.abc import Generator, Iterator

import pytest

from ballonet_lab.container import build_image
from ballonet_lab.kubernetes import Node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A node of its own; what a test makes on it, it removes."""
    with Node.start() as node:
        yield node


@pytest.fixture(scope="session")
def stocked(node: Node) -> Node:
    """The node, with the image that this checkout makes."""
    node.load_image(build_image())
    return node


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show how the pods were when a test failed."""
    report = yield
    node = item.funcargs.get("node", item.funcargs.get("stocked"))
    if report.when == "call" and report.failed and isinstance(node, Node):
        report.sections.append(("the node", node.diagnosis()))
    return report

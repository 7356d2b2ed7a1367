"""Pages served by the real server, so that a browser gets the real headers with them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ballonet.web.address import listen, parse_address
from ballonet.web.message import Handler
from ballonet.web.rules import RulesFile
from ballonet.web.server import Server
from ballonet_operator.board import Board
from ballonet_operator.page.overview import facts, overview
from ballonet_operator.report import Report
from ballonet_operator.settings import AgentSettings
from pages import GOOD
from worlds import NOW


@contextmanager
def served(routes: Mapping[str, Handler], rules: RulesFile | None = None) -> Iterator[str]:
    """Serve on a free port; yields the address of the page at ``/``."""
    server = Server([listen(parse_address("127.0.0.1:0"))], routes, rules=rules)
    server.start()
    try:
        yield f"http://{server.addresses[0]}/"
    finally:
        server.stop()


def front(*reports: Report) -> Handler:
    """Return the agent's page after these cycles, four seconds after the present of the tests."""
    board = Board()
    for each in reports:
        board.record(each)
    known = facts(AgentSettings(policies=Path("/etc/ballonet/policies")))
    return overview(board.snapshot, lambda: GOOD, known, clock=lambda: NOW + 4)

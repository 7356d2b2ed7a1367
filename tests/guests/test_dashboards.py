"""Every query of every dashboard, asked of a real Prometheus that scrapes a real exporter and agent."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from ballonet.quantity import MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from ballonet_lab.monitoring import Alertmanager, Prometheus, Series, Target
from ballonet_operator.board import Snapshot as AgentSnapshot
from ballonet_operator.board import Standing
from ballonet_operator.controller.metrics import Snapshot as ControllerSnapshot
from ballonet_operator.controller.metrics import registry as controller_registry
from ballonet_operator.metrics import registry as agent_registry
from dashboard_queries import Query, asked, filled
from dashboard_rules import Json
from dashboards.catalogue import FOLDER
from running_agent import RunningAgent, running_agent
from running_exporter import running_exporter

BOARDS: list[Json] = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
VARIABLES = {"host": "kvm-1", "guest": "web-1"}
"""What a person has chosen."""

ALL = """
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec:
  thresholds: {host: {growAbove: 128Mi, reclaimBelow: 64Mi, criticalBelow: 32Mi}}
  alerts: [{matchLabels: {alertname: Quiet}, action: Reclaim}]
"""
LOOKS = """
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: looks}
spec: {mode: Observe, priority: 5, guests: {names: [silent, watched]}}
"""
RULES = """
groups:
  - name: example
    rules:
      - alert: BallonetExample
        expr: ballonet_guest_state{guest=~"web-1|no-driver"} == 1
        labels: {severity: warning}
"""
"""An alert that fires at once: those that are shipped take minutes, and have tests of their own."""

EMPTY = {
    "Balloons that could not be set": "no balloon fails to be set on a healthy host",
    "Proposed by an observing policy: proposed": "the policy does not only observe; see below",
}
"""What may be empty here, and why; such a query must be understood all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A host on which something happens, and the Prometheus that watches it."""

    prometheus: Prometheus
    agent: RunningAgent
    guests: dict[str, LabGuest]
    started: float


def specs() -> list[GuestSpec]:
    """Return two that share, one that is watched, one that reports no more, and one that never did."""
    return [
        GuestSpec(name="web-1", maximum=768 * MIB, swap=64 * MIB),
        GuestSpec(name="db-1", maximum=768 * MIB),
        GuestSpec(name="watched", maximum=256 * MIB),
        GuestSpec(name="silent", maximum=256 * MIB, memory_stats_period=0),
        GuestSpec(name="no-driver", maximum=256 * MIB, driver=False),
    ]


@contextmanager
def on_kubernetes() -> Iterator[dict[str, Target]]:
    """Serve the metrics that only Kubernetes brings about, made by the code that makes them there."""
    conditions = {("Ready", "True"): 1, ("Ready", "False"): 0}
    controller = ControllerSnapshot(leading=True, watching=True, policies=conditions, hosts=conditions)
    agent = AgentSnapshot(standing=Standing(connected=True, listed_at=1.0, requests={}))
    made = {
        "ballonet-controller": controller_registry(lambda: controller),
        "kubernetes/ballonet-agent": agent_registry(lambda: agent),
    }
    served = {job: start_http_server(0, "127.0.0.1", registry) for job, registry in made.items()}
    yield {
        job: target(f"127.0.0.1:{server.server_port}", "kube-1", port="")
        for job, (server, _) in served.items()
    }
    for server, thread in served.values():
        server.shutdown()
        server.server_close()
        thread.join()


def target(address: str, host: str, port: str = ":9") -> Target:
    """Return what is scraped, as if it were on a host of this name; on Kubernetes there is no port."""
    return Target(address=address, labels={"instance": f"{host}{port}"})


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("policies")
    for name, text in {"all": ALL, "looks": LOOKS, "bad": "kind: Balloon"}.items():
        (directory / f"{name}.yaml").write_text(text)
    return directory


@pytest.fixture(scope="module")
def stage(lab: Lab, policies: Path) -> Iterator[Stage]:
    guests = {guest.name: guest for guest in lab.guests(specs())}
    with ExitStack() as ends:
        exporter = ends.enter_context(running_exporter(lab.read_only_uri))
        targets = ends.enter_context(on_kubernetes())
        alertmanager = ends.enter_context(Alertmanager.launch())
        flags = ("--host.budget", "2Gi", "--alertmanager.url", alertmanager.url)
        started = time.time()
        agent = ends.enter_context(running_agent(policies.parent, lab.uri, policies, *flags))
        targets["ballonet-exporter"] = target(exporter.url.removeprefix("http://"), "kvm-1")
        targets["ballonet-agent"] = target(agent.address, "kvm-1", port=":10")
        prometheus = ends.enter_context(Prometheus.launch(targets, RULES))
        yield Stage(prometheus=prometheus, agent=agent, guests=guests, started=started)


def everything() -> list[Query]:
    return [query for board in BOARDS for query in asked(board, VARIABLES)]


def may_be_empty(query: Query) -> bool:
    return query.panel in EMPTY or f"{query.panel}: {query.name}" in EMPTY


def answer(stage: Stage, query: Query) -> list[Series]:
    if query.ranged:
        return stage.prometheus.query_range(query.expr, stage.started, time.time())
    return stage.prometheus.query(query.expr)


def count(stage: Stage, query: Query) -> int:
    """Return how many series the query finds."""
    return len(answer(stage, query))


@pytest.fixture(scope="module")
def eventful(stage: Stage, lab: Lab) -> Stage:
    """The stage once its guests have shrunk, and one has grown and was then made anew."""
    web = stage.guests["web-1"]
    eventually(lambda: stage.agent.said("guest shrunk", guest="web-1"), "the guests have to share", within=60)
    # An event compares with what was 5 s ago.
    stage.agent.run_cycles(8)
    web.start_load(400 * MIB)
    eventually(lambda: stage.agent.said("guest grown", guest="web-1"), "web-1 is given memory", within=60)
    stage.agent.run_cycles(8)
    web.destroy()
    (stage.guests["web-1"],) = lab.guests(specs()[:1])
    return stage


def test_every_query_of_every_panel_finds_something(eventful: Stage) -> None:
    missing = [query for query in everything() if not may_be_empty(query)]

    def found() -> bool:
        missing[:] = [query for query in missing if not count(eventful, query)]
        return not missing

    try:
        eventually(found, "every query finds something", within=90, every=1)
    finally:
        lines = (f"{count(eventful, query):4} series  {query.place}\n" for query in everything())
        sys.stdout.write("".join(lines))


def test_legends_and_tables_have_the_labels_that_they_show(eventful: Stage) -> None:
    """A legend shows a label that is not there as nothing; a label that a table does not know is a column."""
    for query in everything():
        wanted = set(re.findall(r"\{\{(\w+)\}\}", query.name)) - {"cluster"}
        for found in answer(eventful, query):
            assert wanted <= set(found.labels), query.place
            assert query.labels is None or set(found.labels) <= query.labels, query.place


def test_what_an_observing_policy_would_do_is_shown(eventful: Stage) -> None:
    watched = [query for board in BOARDS for query in asked(board, {**VARIABLES, "guest": "watched"})]
    (query,) = (query for query in watched if query.name == "proposed")
    eventually(lambda: count(eventful, query), "a size is proposed for the guest")


def test_what_can_be_chosen_is_found(stage: Stage) -> None:
    found: dict[str, set[str]] = {}
    for variable in (each for board in BOARDS for each in board["templating"]["list"]):
        if match := re.fullmatch(r"label_values\((.*), (\w+)\)", str(variable["query"])):
            selector, label = filled(match[1], VARIABLES), match[2]
            series = stage.prometheus.query(f"group by ({label}) ({selector})")
            found[variable["name"]] = {each.labels[label] for each in series if label in each.labels}
    assert found["guest"] == set(stage.guests)
    assert found["host"] == {"kvm-1:9", "kvm-1:10", "kube-1"}
    assert found["cluster"] == set()

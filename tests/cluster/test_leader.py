"""One of several controllers leads, whatever becomes of it: on a real API server, with their own rights."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, pairwise
from pathlib import Path

import pytest

from ballonet.api_kinds import POLICIES
from ballonet.apiserver import ApiServer
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator.controller.claim import LEASE_DURATION, RENEW_DEADLINE
from deployed_rights import DEPLOY, Use, lacking
from running_controller import running_controller

ACCOUNT = "ballonet-controller"
TWIN = "ballonet-controller-twin"
# Says at all times whether it leads; ends at SIGTERM as a controller does.
CANDIDATE = """\
import signal, sys, time
from pathlib import Path
from ballonet.apiserver import ApiServer
from ballonet_operator.controller.lease import Elector, steady_clock
server = ApiServer(Path(sys.argv[1]), answer_within=5)
elector = Elector(server, "ballonet", "ballonet-controller", sys.argv[2], lambda leading: None)
signal.signal(signal.SIGTERM, lambda *_: elector.stop() or sys.exit())
elector.start()
while True:
    now = steady_clock()
    print(now, int(elector.leading()), flush=True)
    time.sleep(0.05)
"""


@dataclass
class Candidate:
    """A process that stands for election."""

    process: "subprocess.Popen[bytes]"
    said: Path

    def moments(self) -> list[tuple[float, bool]]:
        """Return when it led and when not, as it said itself."""
        lines = [line.split() for line in self.said.read_text().splitlines(keepends=True) if line[-1] == "\n"]
        return [(float(at), leads == "1") for at, leads in lines]

    def leads(self) -> bool:
        """Whether it said so last."""
        return bool(self.moments()) and self.moments()[-1][1]

    def reigns(self) -> list[tuple[float, float]]:
        """Return from when to when it led without a break."""
        reigns: list[tuple[float, float]] = []
        before = False
        for at, leads in self.moments():
            if leads:
                reigns[-1:] = [(reigns[-1][0], at)] if before else [*reigns[-1:], (at, at)]
            before = leads
        return reigns

    def end(self, number: int) -> None:
        """Send it a signal that ends it and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(10)


@contextmanager
def candidate(kubeconfig: Path, said: Path) -> Iterator[Candidate]:
    with said.open("wb") as stream:
        command = [sys.executable, "-c", CANDIDATE, str(kubeconfig), said.stem]
        process = subprocess.Popen(command, stdout=stream)
    try:
        yield Candidate(process, said)
    finally:
        process.kill()
        process.wait(10)


@dataclass
class Race:
    """Two candidates, of whom the first leads and the second has seen it; the first has a wire of its own."""

    wire: Wire
    first: Candidate
    second: Candidate

    def never_both(self) -> None:
        """Check that no reign of one overlaps with one of the other."""
        reigns = sorted(self.first.reigns() + self.second.reigns())
        assert all(end < begin for (_, end), (begin, _) in pairwise(reigns)), reigns


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with the rights of deploy/kubernetes, and another account that has the same."""
    control_plane.install(DEPLOY)
    twin = {"apiVersion": "v1", "kind": "List", "items": lacking(ACCOUNT, Use("", "", ""), TWIN)}
    control_plane.kubectl("apply", "--server-side", "-f", "-", input=json.dumps(twin))
    return control_plane


@pytest.fixture
def race(plane: ControlPlane, tmp_path: Path) -> Iterator[Race]:
    plane.kubectl("delete", "lease", "-n", "ballonet", "--all")
    token = plane.token(ACCOUNT)
    with ExitStack() as stack:
        wire = stack.enter_context(Wire.to(plane.server))
        there = plane.kubeconfig_of(token, server=wire.server)
        first = stack.enter_context(candidate(there, tmp_path / "first"))
        eventually(first.leads, "the first leads")
        looks = len(asked(plane, "get"))
        second = stack.enter_context(candidate(plane.kubeconfig_of(token), tmp_path / "second"))
        eventually(lambda: len(asked(plane, "get")) > looks, "the second looks at the lease")
        yield Race(wire, first, second)


def asked(plane: ControlPlane, verb: str) -> list[int]:
    return [each.code for each in plane.requests(ACCOUNT) if (each.verb, each.resource) == (verb, "leases")]


def seconds_until(second: Candidate, within: float) -> float:
    """Return how long it takes until it leads."""
    begin = time.monotonic()
    eventually(second.leads, "the second leads", within=within, every=0.02)
    taken = time.monotonic() - begin
    sys.stdout.write(f"taken over after {taken:.1f} s\n")
    return taken


def test_a_leader_that_stops_is_replaced_at_once(race: Race) -> None:
    race.first.end(signal.SIGTERM)
    assert seconds_until(race.second, within=10) < 3
    race.never_both()


def test_a_leader_that_was_frozen_does_not_lead_when_it_thaws(race: Race) -> None:
    race.first.process.send_signal(signal.SIGSTOP)
    assert seconds_until(race.second, within=30) < 20
    said = len(race.first.moments())
    race.first.process.send_signal(signal.SIGCONT)
    eventually(lambda: len(race.first.moments()) > said + 20, "it goes on")
    assert not any(leads for _, leads in race.first.moments()[said:])
    race.never_both()


def test_a_leader_that_gets_no_answers_ceases_before_another_leads(race: Race) -> None:
    race.wire.hold()
    assert seconds_until(race.second, within=30) < 20
    (_, end), (begin, _) = race.first.reigns()[-1], race.second.reigns()[0]
    assert begin - end > LEASE_DURATION - RENEW_DEADLINE - 1
    # What it has sent meanwhile arrives now: too late.
    said = len(race.first.moments())
    race.wire.mend()
    eventually(lambda: len(race.first.moments()) > said + 60, "three seconds go by")
    assert not any(leads for _, leads in race.first.moments()[said:])
    race.never_both()


def test_a_candidate_uses_its_three_verbs_and_is_refused_nothing(plane: ControlPlane, race: Race) -> None:
    race.first.end(signal.SIGTERM)
    seconds_until(race.second, within=10)
    asked_for = {(each.verb, each.resource, each.namespace) for each in plane.requests(ACCOUNT)}
    assert asked_for == {(verb, "leases", "ballonet") for verb in ("get", "create", "update")}
    assert not [each for each in plane.requests(ACCOUNT) if each.code == 403]


@contextmanager
def changing_policies(plane: ControlPlane) -> Iterator[None]:
    """Change ten policies again and again, so that there always is a status to write."""
    server, done = ApiServer(plane.kubeconfig), threading.Event()

    def change() -> None:
        for number in count():
            body = {
                "apiVersion": POLICIES.api_version,
                "kind": "BalloonPolicy",
                "metadata": {"name": f"policy-{number % 10}"},
                "spec": {"priority": number % 1000},
            }
            server.apply(POLICIES, body, manager="test")
            if done.wait(0.1):
                return

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(20)


def statuses(plane: ControlPlane, account: str, since: datetime) -> list[datetime]:
    """Return when a controller wrote statuses of policies."""
    return [each.at for each in plane.requests(account, since) if each.subresource == "status"]


@pytest.mark.parametrize(
    ("number", "within"),
    [pytest.param(signal.SIGTERM, 6, id="stopped"), pytest.param(signal.SIGKILL, 20, id="killed")],
)
def test_of_two_controllers_one_writes_and_the_other_goes_on_when_it_is_lost(
    plane: ControlPlane, tmp_path: Path, number: int, within: float
) -> None:
    plane.kubectl("delete", "lease", "-n", "ballonet", "--all")
    since = datetime.now(UTC)
    first, second = (plane.kubeconfig_of(plane.token(account)) for account in (ACCOUNT, TWIN))
    with ExitStack() as stack:
        stack.enter_context(changing_policies(plane))
        leader = stack.enter_context(running_controller(tmp_path, first))
        eventually(lambda: statuses(plane, ACCOUNT, since), "the first writes")
        eventually(stack.enter_context(running_controller(tmp_path, second)).stands_by, "the second waits")
        eventually(lambda: len(statuses(plane, ACCOUNT, since)) > 20, "the first writes on")
        end = datetime.now(UTC)
        leader.process.send_signal(number)
        eventually(lambda: statuses(plane, TWIN, since), "the second writes", within=30)
    taken = min(statuses(plane, TWIN, since)) - end
    sys.stdout.write(f"taken over after {taken.total_seconds():.1f} s\n")
    assert taken.total_seconds() < within
    assert max(statuses(plane, ACCOUNT, since)) < min(statuses(plane, TWIN, since))

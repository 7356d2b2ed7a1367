"""The loop of the controller against an API server of a few dictionaries."""

from collections.abc import Callable

import pytest

from ballonet.api_kinds import EVENTS, HOSTS, POLICIES
from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.controller.publication import CALM, SHORTEST
from ballonet_operator.controller.reconciler import LONGEST_REST
from controller_bench import Bench, bench
from controller_parts import (
    UNUSABLE,
    UNUSABLE_BECAUSE,
    condition_of,
    host_object,
    observed,
    policy_object,
)


def fail(error: Exception, *, at: str = "apply") -> Callable[[str, str], None]:
    def trouble(verb: str, _: str) -> None:
        if verb == at:
            raise error

    return trouble


def ready(made: Bench, policy: str = "web") -> str:
    return condition_of(made.server.status(policy), "Ready")[1]


def test_a_status_is_written_once() -> None:
    made = bench()
    assert made.run() == LONGEST_REST
    assert (made.writes(), ready(made)) == ([("apply", "web")], "InForce")
    for _ in range(3):
        assert made.run(after=60) == LONGEST_REST
    assert made.writes() == []


def test_nothing_is_written_before_everything_was_listed() -> None:
    made = bench()
    made.world.policies.heal(made.server.list(POLICIES))
    made.world.hosts.heal(made.server.list(HOSTS))
    made.reconciler.run_once()
    assert made.writes() == []
    assert made.record.deeds().reconciles["waiting"] == 1


def test_one_that_does_not_lead_writes_nothing_and_takes_over_at_once() -> None:
    made = bench(leads=False)
    assert made.run() == LONGEST_REST
    assert made.writes() == []
    made.leads = True
    made.reconciler.run_once()
    assert made.writes() == [("apply", "web")]


def test_one_that_ceases_to_lead_stops_between_two_writes() -> None:
    made = bench()
    made.server.put(policy_object("second"))

    def cease(verb: str, _: str) -> None:
        made.leads = verb != "apply"

    made.server.trouble = cease
    made.run()
    assert made.writes() == [("apply", "second")]


def test_counts_wait_and_conditions_do_not() -> None:
    made = bench()
    made.run()
    made.server.put(host_object("kvm-1", observed("web", guests={"owned": 2})))
    assert made.run(after=1) == CALM - 1
    assert made.run(after=1) == CALM - 2
    made.server.put(host_object("kvm-1", observed("web", guests={"owned": 2}), connected="False"))
    made.writes()
    made.run(after=SHORTEST)
    assert (made.writes(), ready(made)) == ([("apply", "web")], "HostsUnhealthy")
    assert made.server.status("web")["guests"]["owned"] == 2


def test_what_somebody_else_wrote_is_put_right() -> None:
    made = bench()
    made.run()
    spoilt = {**made.server.status("web"), "hosts": 99}
    made.server.put(policy_object("web", status=spoilt))
    made.run(after=CALM)
    assert made.server.status("web")["hosts"] == 1


def test_a_deleted_policy_is_not_made_anew() -> None:
    made = bench()
    made.look()
    del made.server.objects[POLICIES]["web"]
    made.reconciler.run_once()
    assert (made.server.objects[POLICIES], made.writes()) == ({}, [("apply", "web")])
    assert made.record.deeds().writes["status", "failed"] == 0
    made.run(after=60)
    assert made.writes() == []


def test_a_write_that_comes_late_undoes_nothing() -> None:
    made = bench()
    old, new = policy_object("web"), policy_object("web", status={"hosts": 99})
    old["metadata"]["resourceVersion"], new["metadata"]["resourceVersion"] = "1", "2"
    made.server.put(old)
    made.look()
    made.server.put(new)
    rest = made.reconciler.run_once()
    assert (made.writes(), made.server.status("web")) == ([("apply", "web")], {"hosts": 99})
    assert 0.5 <= rest <= 1.0
    made.run(after=rest)
    assert (made.writes(), ready(made)) == ([("apply", "web")], "InForce")
    assert made.record.deeds().writes["status", "failed"] == 0


def test_a_policy_that_is_refused_waits_and_the_others_do_not() -> None:
    made = bench()
    made.server.put(policy_object("good"))

    def trouble(verb: str, name: str) -> None:
        if (verb, name) == ("apply", "web"):
            raise ApiServerRefused("no", code=422)

    made.server.trouble = trouble
    assert made.run() == pytest.approx(0.5)
    assert made.writes() == [("apply", "good"), ("apply", "web")]
    assert made.run(after=0.6) == pytest.approx(1.0)
    assert made.writes() == [("apply", "web")]
    made.server.trouble = lambda _verb, _name: None
    made.run(after=1.1)
    assert ready(made) == "InForce"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ApiServerUnreachable("connection refused"), id="away"),
        pytest.param(ApiServerRefused("too many requests", code=429), id="overloaded"),
        pytest.param(ApiServerRefused("etcd is away", code=500), id="broken"),
    ],
)
def test_a_server_in_trouble_is_left_alone_for_a_while(error: Exception) -> None:
    made = bench()
    made.server.put(policy_object("second"))
    made.server.trouble = fail(error)
    rest = made.run()
    assert 0.5 <= rest <= 1.0
    assert made.writes() == [("apply", "second")]
    assert made.reconciler.problem == str(error)
    made.run(after=0.1)
    assert made.writes() == []
    made.server.trouble = lambda _verb, _name: None
    made.run(after=rest)
    assert made.writes() == [("apply", "second"), ("apply", "web")]
    assert (made.reconciler.problem, made.record.deeds().reconciles["complete"]) == ("", 1)


def test_a_refusal_is_told_once_for_each_generation() -> None:
    made = bench()
    made.server.put(policy_object("bad", spec=UNUSABLE))
    made.run()
    (event,) = made.server.objects[EVENTS].values()
    assert (event["reason"], event["message"]) == ("PolicyRefused", UNUSABLE_BECAUSE)
    assert event["involvedObject"]["uid"] == "uid-bad"
    made.server.put(host_object("kvm-2"))
    made.run(after=60)
    made.server.put(policy_object("bad", spec=UNUSABLE, generation=2, status=made.server.status("bad")))
    made.run(after=60)
    assert len(made.server.objects[EVENTS]) == 2


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ApiServerUnreachable("timed out"), id="away"),
        pytest.param(ApiServerRefused("forbidden", code=403), id="refused"),
    ],
)
def test_an_event_that_cannot_be_made_is_let_go_for_its_status_was_written(error: Exception) -> None:
    made = bench()
    made.server.put(policy_object("bad", spec=UNUSABLE))
    made.server.trouble = fail(error, at="create")
    made.run()
    assert (made.server.objects.get(EVENTS, {}), made.reconciler.problem) == ({}, "")
    assert condition_of(made.server.status("bad"), "Accepted")[1] == "Invalid"
    deeds = made.record.deeds()
    assert (deeds.writes["event", "failed"], deeds.reconciles["failed"]) == (1, 0)


def test_an_event_that_another_leader_made_is_not_made_again() -> None:
    made = bench()
    made.server.put(policy_object("bad", spec=UNUSABLE))
    made.run()
    made.server.put(policy_object("bad", spec=UNUSABLE))
    other = Bench(server=made.server)
    other.run()
    assert len(made.server.objects[EVENTS]) == 1
    assert other.record.deeds().writes["event", "failed"] == 0

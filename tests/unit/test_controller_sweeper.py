"""BalloonHosts go some time after their nodes, and never otherwise."""

import pytest

from ballonet.api_kinds import HOSTS, NODES
from controller_bench import bench


def test_a_host_goes_after_its_node_has_been_gone_for_long() -> None:
    made = bench()
    made.run()
    del made.server.objects[NODES]["kvm-1"]
    assert made.run() == 60.0
    assert made.run(after=59) == pytest.approx(1.0)
    made.writes()
    made.run(after=1.5)
    assert (made.writes(), made.server.objects[HOSTS]) == ([("delete", "kvm-1")], {})
    assert made.record.deeds().removed == 1


def test_a_node_that_comes_back_keeps_its_host() -> None:
    made = bench()
    node = made.server.objects[NODES].pop("kvm-1")
    made.run()
    made.server.put(node)
    made.run(after=59)
    del made.server.objects[NODES]["kvm-1"]
    assert made.run(after=1) == 60.0
    assert "kvm-1" in made.server.objects[HOSTS]


def test_a_host_of_a_node_that_only_the_server_knows_stays() -> None:
    made = bench()
    node = made.server.objects[NODES].pop("kvm-1")
    made.run()
    made.server.put(node)
    made.clock += 61
    made.writes()
    made.reconciler.run_once()
    assert made.writes() == []
    assert "kvm-1" in made.server.objects[HOSTS]


def test_one_that_does_not_lead_removes_no_host() -> None:
    made = bench(leads=False)
    made.server.objects[NODES].clear()
    made.run()
    made.run(after=61)
    assert made.writes() == []

"""A watch over an API server that falls silent, or that refuses what it is asked."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ballonet.api_kinds import NODES
from ballonet.apiserver import ApiServer
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator import watch as watch_module
from ballonet_operator.watch import Subscription, Watch


@contextmanager
def watching(server: ApiServer, field_selector: str = "") -> Iterator[Watch]:
    nodes = Subscription(kind=NODES, seen=lambda _: None, gone=lambda _: None, field_selector=field_selector)
    watch = Watch(server, [nodes])
    watch.start()
    try:
        yield watch
    finally:
        watch.stop(10)
        assert not watch.alive()


def problems(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what is said to be wrong with the watch."""
    return [str(getattr(each, "error", "")) for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_server_that_falls_silent_is_noticed(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watch_module._SILENT + watch_module._CONNECT <= 90
    monkeypatch.setattr(watch_module, "_SILENT", 2.0)
    monkeypatch.setattr(watch_module, "_CONNECT", 1.0)
    with Wire.to(control_plane.server) as wire:
        kubeconfig = control_plane.kubeconfig_of(control_plane.token("watcher"), server=wire.server)
        control_plane.kubectl("create", "clusterrole", "watcher", "--verb=list,watch", "--resource=nodes")
        account = "--serviceaccount=ballonet:watcher"
        control_plane.kubectl("create", "clusterrolebinding", "watcher", "--clusterrole=watcher", account)
        with watching(ApiServer(kubeconfig)) as watch:
            eventually(watch.connected, "the watch is open")
            wire.hold()
            eventually(lambda: not watch.connected(), "it is noticed", within=15)
            wire.mend()
            eventually(watch.connected, "the watch is back")


def test_a_refusal_is_said_in_the_words_of_the_server_and_tried_again(
    control_plane: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with watching(ApiServer(control_plane.kubeconfig), "spec.size=9"):
        eventually(
            lambda: (
                sum(each.resource == "nodes" and each.code == 400 for each in control_plane.requests()) >= 3
            ),
            "it is tried again and again",
        )
    (said,) = problems(caplog)
    assert said.startswith("/api/v1/nodes: HTTP status 400: ")
    assert "field label not supported" in said
    assert {each.name for each in caplog.records} == {"ballonet_operator.watch_link"}

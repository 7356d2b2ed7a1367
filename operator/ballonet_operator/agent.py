"""``ballonet-operator agent``: puts the parts together, starts them in order and ends them in reverse."""

import gc
import logging
import signal
import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ballonet import logs, settings
from ballonet.errors import ConfigError
from ballonet.extras import extra
from ballonet.hypervisor import Hypervisor
from ballonet.machine import read_host
from ballonet.notify import Notifier
from ballonet.quantity import parse_size
from ballonet.web import address
from ballonet.web.server import Server
from ballonet_operator.act import Actor
from ballonet_operator.alerts.assembly import alerts_of
from ballonet_operator.board import Board, Snapshot
from ballonet_operator.book import PolicyBook
from ballonet_operator.census import status_line
from ballonet_operator.cycle import Cycle
from ballonet_operator.health import Health
from ballonet_operator.journal import Journal
from ballonet_operator.lock import Lock
from ballonet_operator.metrics import registry
from ballonet_operator.observe import Observer
from ballonet_operator.pace import Pace
from ballonet_operator.page.overview import facts, overview
from ballonet_operator.pages import routes
from ballonet_operator.policy_watch import PolicyWatch
from ballonet_operator.release import release
from ballonet_operator.report import Report
from ballonet_operator.settings import AgentSettings

if TYPE_CHECKING:
    from ballonet.web.rules import RulesFile
    from ballonet_operator.cluster import Cluster

log = logging.getLogger(__name__)

PROGRAM = "ballonet-operator agent"
_GLANCE = 5.0  # Seconds between two looks at whether the parts live.
_DESCRIPTION = (
    "Moves memory between this host and its guests, as the policies in a directory or in Kubernetes say."
)
_VALUES = {
    "--policies": "DIR",
    "--node-name": "NAME",
    "--host.budget": "SIZE",
    "--host.memory-total": "SIZE",
    "--alertmanager.url": "URL",
    "--alertmanager.identity": "NAME",
}


def main(arguments: Sequence[str]) -> int:
    """Run the agent until it is told to stop; returns its exit code."""
    try:
        options = settings.load(
            AgentSettings, arguments, program=PROGRAM, description=_DESCRIPTION, values=_VALUES
        )
        options.check()
        logs.configure(logs.Level(options.log.level), logs.Format(options.log.format))
        return Agent(options).run()
    except ConfigError as error:
        return settings.fail(PROGRAM, error)


class Agent:
    """One agent for one host, from its start to its end."""

    def __init__(self, options: AgentSettings) -> None:
        """Prepare everything that can be wrong in what a person gave.

        Raises:
            ConfigError: it cannot be used, or another agent looks after this host already.
        """
        self._options = options
        self._stop, self._abandon, self._asked = threading.Event(), threading.Event(), False
        self._host = partial(
            read_host,
            budget=_size(options.host.budget),
            total=_size(options.host.memory_total),
            name=options.node_name or options.host.name or socket.gethostname(),
        )
        self._source = _source(options)
        self._alerts = alerts_of(options.alertmanager, self._host().name, self._source.addresses)
        self._lock = Lock.take(options.libvirt.uri)
        self._board, self._journal, self._notifier = Board(), Journal(), Notifier()
        patience = 3 * options.interval + options.libvirt.deadline
        self._health = Health(patience=patience)
        self._notifier.need(patience)
        self._server = self._listen()
        self._connections = tuple(
            Hypervisor(options.libvirt.uri, read_only=read_only, deadline=options.libvirt.deadline)
            for read_only in (True, False)
        )
        self._cycle = self._assemble(*self._connections)

    def _listen(self) -> Server:
        web = self._options.web
        page = overview(self._snapshot, self._health.ready, facts(self._options))
        pages = routes(registry(self._snapshot), self._health, web.telemetry_path, page)
        if web.systemd_socket:
            sockets = address.from_systemd()
        else:
            sockets = [address.listen(address.parse_address(each)) for each in web.listen_address]
        return Server(sockets, pages, rules=_rules(web.config.file))

    def _assemble(self, readable: Hypervisor, writable: Hypervisor) -> Cycle:
        options = self._options
        actor = Actor(
            writable,
            statistics_period=round(options.statistics_period),
            budget=options.interval,
            dry_run=options.dry_run,
        )
        observer, source = Observer(readable, self._host), self._source
        beat, alerts = options.interval, self._alerts
        return Cycle(observer, actor, source.look, interval=beat, labels=source.labels, alerts=alerts)

    def _snapshot(self) -> Snapshot:
        return replace(self._board.snapshot(), standing=self._source.standing())

    def run(self) -> int:
        """Start, work until a signal says stop, and end; returns the exit code."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reread)
        self._server.start()
        self._source.start()
        self._alerts.start()
        _calm_collector()
        log.info("agent started", extra=self._facts())
        worker = threading.Thread(target=self._work, name="cycle", daemon=True)
        worker.start()
        self._wait()
        self._notifier.send("STOPPING=1")
        worker.join(self._options.interval + 3 * self._options.libvirt.deadline)
        if worker.is_alive():
            log.warning("the running cycle does not end, leaving it behind")
        elif self._asked:
            self._release()
        self._alerts.stop()
        self._source.stop()
        self._server.stop()
        for connection in self._connections:
            connection.close()
        self._lock.release()
        log.info("agent stopped")
        return 0 if self._asked else 1

    def _wait(self) -> None:
        """Wait for the end: a signal, or a part that has ended by itself and is not to be done without."""
        while not self._stop.wait(_GLANCE):
            if dead := (*self._source.dead(), *self._alerts.dead()):
                log.error("a part ended by itself, ending the agent", extra={"parts": ",".join(dead)})
                self._stop.set()

    def _work(self) -> None:
        """Run cycles; the target of the cycle's thread. Should it die, the program ends as well."""
        try:
            Pace(self._cycle.run_once, interval=self._options.interval, listeners=[self._record]).run(
                self._stop
            )
        finally:
            self._stop.set()

    def _record(self, report: Report) -> None:
        """Tell everybody what the cycle came to. The watchdog is fed here and nowhere else."""
        self._journal.record(report)
        self._board.record(report)
        self._health.record(report)
        self._source.record(report)
        self._notifier.send("READY=1", "WATCHDOG=1", f"STATUS={status_line(report)}")

    def _release(self) -> None:
        options = self._options
        if options.on_exit == "release" and not options.dry_run:
            run_once = partial(self._cycle.run_once, releasing=True)
            release(run_once, self._record, timeout=options.release_timeout, abandon=self._abandon)

    def _on_stop(self, number: int, _: FrameType | None) -> None:
        """End after the running cycle; asked a second time, do not wait for memory to be released."""
        if self._asked:
            self._abandon.set()
        self._asked = True
        log.info("asked to stop", extra={"signal": signal.Signals(number).name})
        self._stop.set()

    def _on_reread(self, _: int, __: FrameType | None) -> None:
        self._source.hurry()

    def _facts(self) -> dict[str, object]:
        options = self._options
        return {
            "version": version("ballonet"),
            "uri": options.libvirt.uri,
            **({"policies": options.policies} if options.policies else {"node": options.node_name}),
            "interval_seconds": options.interval,
            "budget_bytes": _size(options.host.budget),
            "dry_run": options.dry_run,
            "listen": [str(each) for each in self._server.addresses],
        }


def _source(options: AgentSettings) -> "PolicyWatch | Cluster":
    """Return what policies come from; what speaks to Kubernetes costs memory, so others do without."""
    if options.node_name is None:
        assert options.policies is not None
        watch = PolicyWatch(options.policies, PolicyBook())
        watch.read()
        return watch
    with extra("operator"):
        from ballonet_operator.cluster import Cluster  # noqa: PLC0415

    return Cluster(options.node_name, options.kubernetes)


def _calm_collector() -> None:
    """Let Python's collector look for cycles seldom.

    A plan renews a dozen small values for every guest, and none of them is part of a cycle; with the usual
    thresholds looking for one takes up to half of the time of planning 10,000 guests (bench/plan_time.py).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _size(text: str | None) -> int | None:
    return None if text is None else parse_size(text)


def _rules(path: Path | None) -> "RulesFile | None":
    """Read the web file where there is one; what reads it costs memory that most agents need not spend."""
    if path is None:
        return None
    from ballonet.web.rules import RulesFile  # noqa: PLC0415

    return RulesFile(path)

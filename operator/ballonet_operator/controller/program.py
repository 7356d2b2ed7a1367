"""``ballonet-operator controller``: puts the parts together, starts and ends them."""

import logging
import random
import signal
import socket
import threading
from collections.abc import Sequence
from importlib.metadata import version
from types import FrameType
from typing import Final

from ballonet import logs, settings
from ballonet.apiserver import ApiServer
from ballonet.errors import ConfigError
from ballonet.notify import Notifier
from ballonet.web import address
from ballonet.web.rules import RulesFile
from ballonet.web.server import Server
from ballonet_operator.controller.health import Condition, alive
from ballonet_operator.controller.lease import Elector, unique_identity
from ballonet_operator.controller.metrics import (
    Snapshot,
    conditions_of_hosts,
    conditions_of_policies,
    registry,
)
from ballonet_operator.controller.pages import routes
from ballonet_operator.controller.publisher import Publisher
from ballonet_operator.controller.reconciler import Reconciler
from ballonet_operator.controller.record import Record
from ballonet_operator.controller.settings import ControllerSettings
from ballonet_operator.controller.sweeper import Sweeper
from ballonet_operator.controller.world import World
from ballonet_operator.relist import Relist
from ballonet_operator.watch import Subscription, Watch

log = logging.getLogger(__name__)

PROGRAM: Final = "ballonet-operator controller"
LEASE: Final = "ballonet-controller"
_DESCRIPTION: Final = "Tells what became of each BalloonPolicy, from what the agents report."
_VALUES: Final = {"--namespace": "NAME", "--identity": "NAME"}
_ANSWER_WITHIN: Final = 2.0
"""Seconds for an answer to a write. One that began just before the renew deadline, and had to connect first,
is over before another may lead (claim.py)."""
_GLANCE: Final = 5.0
"""Seconds between two looks at whether the parts live."""


def main(arguments: Sequence[str]) -> int:
    """Run the controller until it is told to stop; returns its exit code."""
    try:
        options = settings.load(
            ControllerSettings, arguments, program=PROGRAM, description=_DESCRIPTION, values=_VALUES
        )
        logs.configure(logs.Level(options.log.level), logs.Format(options.log.format))
        return Controller(options).run()
    except ConfigError as error:
        return settings.fail(PROGRAM, error)


class Controller:
    """One controller, from its start to its end."""

    def __init__(self, options: ControllerSettings) -> None:
        """Prepare everything that can be wrong in what a person gave.

        Raises:
            ConfigError: it cannot be used.
        """
        self._options = options
        self._stop, self._asked, self._notifier = threading.Event(), False, Notifier()
        self._notifier.need(3 * _GLANCE)
        self._identity = options.identity or unique_identity(socket.gethostname())
        kubeconfig, context = options.kubernetes.kubeconfig, options.kubernetes.context
        reading = ApiServer(kubeconfig, context=context)
        writing = ApiServer(kubeconfig, context=context, answer_within=_ANSWER_WITHIN)
        self._world, self._record = World(self._wake), Record()
        self._watch = Watch(reading, _subscriptions(self._world))
        self._relist = Relist(
            reading,
            self._world.sources,
            interval=options.kubernetes.relist_interval,
            connected=self._watch.connected,
        )
        self._elector = Elector(writing, options.namespace, LEASE, self._identity, lambda _: self._wake())
        self._reconciler = Reconciler(
            self._world,
            Publisher(writing, self._record, self._identity, chance=random.random),
            Sweeper(writing, self._record, expiry=options.host_expiry),
            self._record,
            self._leading,
        )
        self._server = self._listen()

    def _listen(self) -> Server:
        web = self._options.web
        pages = routes(registry(self._snapshot), self._condition, web.telemetry_path)
        if web.systemd_socket:
            sockets = address.from_systemd()
        else:
            sockets = [address.listen(address.parse_address(each)) for each in web.listen_address]
        return Server(sockets, pages, rules=None if web.config.file is None else RulesFile(web.config.file))

    def run(self) -> int:
        """Start, work until a signal says stop, and end; returns the exit code."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        self._server.start()
        log.info("controller started", extra=self._facts())
        self._watch.start()
        self._relist.start()
        self._reconciler.start()
        if self._options.leader_election:
            self._elector.start()
        self._notifier.send("READY=1")
        while not self._stop.wait(_GLANCE):
            if alive(self._condition()).good:
                self._notifier.send("WATCHDOG=1")
            if dead := self._dead():
                log.error("a part ended by itself, ending the others", extra={"parts": ",".join(dead)})
                break
        self._notifier.send("STOPPING=1")
        self._end()
        log.info("controller stopped")
        return 0 if self._asked else 1

    def _end(self) -> None:
        """End the parts within 3 s: first who writes, then the lease, so that a successor writes alone."""
        self._reconciler.stop(1.0)
        if not self._reconciler.alive():
            # Where a write hangs, the lease is left to expire.
            self._elector.stop(0.8)
        self._relist.stop(0.1)
        self._watch.stop(0.6)
        self._server.stop(0.3)

    def _wake(self) -> None:
        self._reconciler.wake()

    def _leading(self) -> bool:
        return self._elector.leading() if self._options.leader_election else True

    def _dead(self) -> tuple[str, ...]:
        living = {
            "the watch": self._watch.alive(),
            "the lists": self._relist.alive(),
            "the reconciler": self._reconciler.alive(),
            "the lease": self._elector.alive() or not self._options.leader_election,
        }
        return tuple(name for name, alive in living.items() if not alive)

    def _condition(self) -> Condition:
        """Return what the probes judge."""
        holder = self._elector.holder()
        return Condition(
            dead=self._dead(),
            busy=self._reconciler.busy(),
            unlisted=tuple(kind.plural for kind, inventory in self._world.sources if not inventory.complete),
            watching=self._watch.connected(),
            lease="" if self._leading() else self._elector.problem(),
            problem=self._reconciler.problem,
            leading=self._leading(),
            holder="" if holder == self._identity else holder,
        )

    def _snapshot(self) -> Snapshot:
        """Return what metrics are made from."""
        return Snapshot(
            leading=self._leading(),
            watching=self._watch.connected(),
            policies=conditions_of_policies(self._world),
            hosts=conditions_of_hosts(self._world),
            objects={kind.plural: len(inventory) for kind, inventory in self._world.sources},
            listed=self._relist.succeeded,
            list_failures=self._relist.failures,
            deeds=self._record.deeds(),
        )

    def _on_stop(self, number: int, _: FrameType | None) -> None:
        self._asked = True
        log.info("asked to stop", extra={"signal": signal.Signals(number).name})
        self._stop.set()

    def _facts(self) -> dict[str, object]:
        return {
            "version": version("ballonet"),
            "identity": self._identity,
            "leader_election": self._options.leader_election,
            "listen": [str(each) for each in self._server.addresses],
        }


def _subscriptions(world: World) -> list[Subscription]:
    return [
        Subscription(kind=kind, seen=inventory.seen, gone=inventory.gone) for kind, inventory in world.sources
    ]

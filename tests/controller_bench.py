"""A controller without threads against an API server of a few dictionaries, for tests of its loop."""

from dataclasses import dataclass, field

from ballonet_operator.controller.publisher import Publisher
from ballonet_operator.controller.reconciler import Reconciler
from ballonet_operator.controller.record import Record
from ballonet_operator.controller.sweeper import Sweeper
from ballonet_operator.controller.world import World
from controller_parts import FakeServer, host_object, node_object, observed, policy_object


@dataclass
class Bench:
    """A controller without threads, whose clock is set by hand."""

    server: FakeServer = field(default_factory=FakeServer)
    world: World = field(default_factory=World)
    record: Record = field(default_factory=Record)
    leads: bool = True
    clock: float = 1000.0
    reconciler: Reconciler = field(init=False)

    def __post_init__(self) -> None:
        self.reconciler = Reconciler(
            self.world,
            Publisher(self.server, self.record, "me", chance=lambda: 0.0),
            Sweeper(self.server, self.record, expiry=60.0),
            self.record,
            lambda: self.leads,
            clock=lambda: self.clock,
        )

    def look(self) -> None:
        """See everything that is on the server."""
        for kind, inventory in self.world.sources:
            inventory.heal(self.server.list(kind))

    def run(self, after: float = 0.0) -> float:
        """See everything and reconcile; returns how long the reconciler would rest."""
        self.clock += after
        self.look()
        return self.reconciler.run_once()

    def writes(self) -> list[tuple[str, str]]:
        """Return what was written since this was last asked."""
        asked, self.server.asked[:] = list(self.server.asked), []
        return asked


def bench(*, leads: bool = True) -> Bench:
    """Return one with a policy that a host has in force."""
    made = Bench(leads=leads)
    made.server.put(policy_object("web"), host_object("kvm-1", observed("web")), node_object("kvm-1"))
    return made

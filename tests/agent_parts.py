"""A hypervisor for tests of the agent's cycle, and reports made with it.

It is a fake, in memory, because a test of the cycle needs libvirt to refuse, hang or vanish at one given
call, which the real one cannot be asked to do. Everything that a real libvirt can show is tested on it, in
``tests/guests``.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ballonet.guest import Guest, Traits
from ballonet.host import Host
from ballonet.hypervisor import Survey
from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.policy import Labels, Policy
from ballonet_operator.act import Actor
from ballonet_operator.book import Entry, Page
from ballonet_operator.cycle import Cycle
from ballonet_operator.observe import Observer
from worlds import NOW


@dataclass
class FakeHypervisor:
    """Guests that follow their targets at once; ``trouble`` raises at the calls that a test names."""

    guests: dict[str, Guest]
    trouble: Callable[[str, str], None] = lambda _call, _guest: None
    calls: list[tuple[str, str, int]] = field(default_factory=list)

    def read(self, deadline: float | None = None) -> Survey:
        del deadline
        self.trouble("read", "")
        return Survey(
            guests=tuple(self.guests.values()),
            hypervisor="QEMU",
            hypervisor_version="7",
            libvirt_version="9",
            host_name="kvm-1",
        )

    def reread(self, guest: Guest) -> None:
        self.calls.append(("reread", guest.name, 0))

    def set_memory(self, guest: Guest, size: int) -> None:
        self.calls.append(("set_memory", guest.name, size))
        self.trouble("set_memory", guest.name)
        self.guests[guest.name] = replace(self.guests[guest.name], actual=size, resident=size)

    def set_statistics_period(self, guest: Guest, seconds: int) -> None:
        self.calls.append(("set_statistics_period", guest.name, seconds))
        self.trouble("set_statistics_period", guest.name)
        old = self.guests[guest.name].traits or Traits()
        self.guests[guest.name] = replace(
            self.guests[guest.name], traits=replace(old, statistics_period=seconds)
        )

    def sizes(self) -> dict[str, int | None]:
        return {name: guest.actual for name, guest in self.guests.items()}


def hypervisor(*guests: Guest) -> FakeHypervisor:
    return FakeHypervisor({guest.name: guest for guest in guests})


def page(*policies: Policy) -> Page:
    """Return a book's page with these policies; their documents say no more than their names."""
    return Page(
        entries={
            each.name: Entry(document=_document(each.name), policy=each, origin="test.yaml")
            for each in policies
        }
    )


def _document(name: str) -> BalloonPolicy:
    return BalloonPolicy.model_validate(
        {
            "apiVersion": "ballonet.dev/v1alpha1",
            "kind": "BalloonPolicy",
            "metadata": {"name": name},
            "spec": {},
        }
    )


def actor(
    fake: FakeHypervisor, *, dry_run: bool = False, clock: Callable[[], float] = time.monotonic
) -> Actor:
    return Actor(fake, statistics_period=2, budget=2.0, dry_run=dry_run, clock=clock)


def cycle(
    fake: FakeHypervisor,
    host: Host,
    policies: Iterable[Policy] = (Policy(name="all"),),
    *,
    dry_run: bool = False,
    clock: Callable[[], float] = lambda: NOW,
    look: Callable[[], Page] | None = None,
    labels: Callable[[], Labels] = tuple,
) -> Cycle:
    """Return a cycle over a fake hypervisor on a host that never changes; ``look`` replaces ``policies``."""
    written = page(*policies)
    observer = Observer(fake, lambda: host, clock)
    acting = actor(fake, dry_run=dry_run)
    return Cycle(observer, acting, look or (lambda: written), interval=2.0, labels=labels, clock=clock)

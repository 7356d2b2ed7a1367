"""A herd of guests with one of every kind that a person can meet, for tests of what is shown of them."""

from dataclasses import replace

from ballonet.decision import View
from ballonet.guest import Guest, Hold, Overrides, Read, State, Traits
from ballonet.host import Pressure
from ballonet.quantity import GIB, MIB, Amount
from worlds import NOW, guest, sample, traits, view

HOSTILE = "[bold]x[/bold]\x1b[2J\n\u202egnp.exe"


def plain() -> Guest:
    """Return a healthy guest of 2 GiB that has half of it."""
    return guest("web-1", actual=GIB, maximum=2 * GIB, usable=600 * MIB, resident=900 * MIB)


def herd() -> tuple[Guest, ...]:
    """Return the whole herd, in no order."""
    hungry = guest("web-2", actual=GIB, maximum=2 * GIB, usable=10 * MIB)
    stale = guest("db", maximum=4 * GIB, actual=4 * GIB, sample=sample(usable=GIB, timestamp=NOW - 3700))
    silent = guest("mute", sample=None)
    bare = guest("bare", sample=None, traits=traits(balloon_model="none", statistics_period=0))
    hung = guest("hung", sample=None, resident=None, read=Read.BUSY, frozen=True, traits=None)
    huge = guest("huge", traits=traits(hugepages=True, host_devices=True))
    overrides = Overrides(
        floor=Amount(percent=30), weight=200, hold=Hold(until=NOW + 3600, size=512 * MIB), exempt=True
    )
    held = guest("held", actual=512 * MIB, traits=traits(autodeflate=True, overrides=overrides))
    off = Guest(uuid="uuid-off", name="off", state=State.SHUT_OFF, maximum=GIB, traits=Traits())
    hostile = replace(guest("evil"), name=HOSTILE)
    return (plain(), hungry, stale, silent, bare, hung, huge, held, off, hostile)


def instant() -> View:
    """Return the herd on a host of 16 GiB of which guests may use 12."""
    some = Pressure(avg10=1.5, avg60=0.5, avg300=0.1, total=12.0)
    return view(*herd(), available=2 * GIB, budget=12 * GIB, some=some)

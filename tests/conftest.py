"""What the tests share: a terminal's signals, and real guests. A missing part is an error, never a skip."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ballonet_lab import Boot, GuestSpec, Lab, LabGuest

# A shell that starts the tests in the background lets them ignore SIGINT, and every program that they start
# inherits that. The tests send SIGINT to programs that must end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A private libvirtd for the tests of one file; what they start in it, they end."""
    with Lab.start() as lab:
        yield lab


@pytest.fixture
def own_lab() -> Iterator[Lab]:
    """A private libvirtd for one test, which may do with it whatever it likes."""
    with Lab.start() as lab:
        yield lab


@pytest.fixture
def boot(lab: Lab) -> Iterator[Boot]:
    """Guests of the file's libvirtd that are gone when the test ends."""
    booted: list[LabGuest] = []

    def boot(specs: Sequence[GuestSpec]) -> list[LabGuest]:
        guests = lab.guests(specs)
        booted.extend(guests)
        return guests

    yield boot
    # To end a guest is to wait for its process.
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(LabGuest.destroy, booted))

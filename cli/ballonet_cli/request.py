"""Whether a person's wish for a guest's size can be met, and what must be said about it.

Pure: the wish and the guest as it was read, in; a size to set and remarks, out. What a person must change is
a ``ConfigError``, what may be different in a minute a ``Refused``; each says what, why and what to do.
"""

from dataclasses import dataclass
from typing import Final

from ballonet.errors import ConfigError, Refused
from ballonet.guest import Guest, Read, State, Traits, is_fresh
from ballonet.quantity import KIB, MIB, Amount, format_size, parse_amount
from ballonet_cli.printable import printable

# Less than any Linux guest boots with; a guest that is set below it dies, whatever it says it needs.
LEAST: Final = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask of the guest, in bytes, and what the person should know before it is asked."""

    size: int
    remarks: tuple[str, ...] = ()


def parse_wish(text: str) -> Amount:
    """Return the wished size: ``512MiB``, a percentage of the maximum, or ``max`` for all of it.

    Raises:
        ConfigError: the text is none of these.
    """
    return Amount(percent=100) if text.strip().lower() == "max" else parse_amount(text)


def judge(guest: Guest, wish: Amount, now: float, *, force: bool = False) -> Request:
    """Return what to ask of the guest.

    Args:
        guest: as it was read a moment ago.
        wish: bytes, or a percentage of the guest's maximum.
        now: the moment, to tell whether the guest's statistics are fresh.
        force: ask even for less than the guest says it can live with.

    Raises:
        ConfigError: the guest can never be set to this, as it is.
        Refused: it cannot be set now.
    """
    maximum = _ready(guest)
    size = wish.of(maximum)
    name = printable(guest.name)
    if size < LEAST:
        # Spelt out: who writes 512 means MiB, or KiB as virsh does.
        shown = f"{size} bytes" if size < KIB else format_size(size)
        raise ConfigError(f"{name} cannot run in {shown}: ask for at least {format_size(LEAST)}")
    if not force:
        _spare_its_life(guest, size, now)
    remarks = _above(name, size, maximum) + _silence(guest)
    return Request(size=min(size, maximum), remarks=remarks)


def _ready(guest: Guest) -> int:
    """Return the guest's maximum, once it is sure that its balloon can be moved."""
    name = printable(guest.name)
    if not guest.active:
        raise ConfigError(
            f"{name} is {guest.state.value}: only a running guest has a balloon; start it with"
            f" `virsh start {name}`"
        )
    if guest.traits is not None:
        _movable(name, guest.traits)
    if guest.migrating:
        raise Refused(f"{name} is being migrated: try again when that is over", cause="migrating")
    if guest.frozen or guest.read is not Read.OK or guest.maximum is None:
        raise Refused(
            f"{name} does not answer: its QEMU hangs or another operation holds it, and a change asked now"
            f" would be carried out late; see `virsh domjobinfo {name}` and try again",
            cause="busy",
        )
    return guest.maximum


def _movable(name: str, traits: Traits) -> None:
    if traits.balloon_model == "none":
        raise ConfigError(
            f"{name} has no balloon device: its memory cannot change while it runs; give it"
            f" <memballoon model='virtio'/> with `virsh edit {name}` and restart it"
        )
    if traits.hugepages:
        raise ConfigError(
            f"{name} is backed by huge pages: a balloon takes memory from the guest and the host gets none"
            f" of it; remove <hugepages/> with `virsh edit {name}` and restart it to balloon it"
        )
    if traits.pinned:
        raise ConfigError(
            f"{name} has its memory pinned ({_pin(traits)}): a balloon takes memory from the guest and the"
            " host gets none of it; ballooning needs a guest without that"
        )


def _pin(traits: Traits) -> str:
    if traits.host_devices:
        return "an assigned host device"
    return "locked memory" if traits.locked else "encrypted memory"


def _spare_its_life(guest: Guest, size: int, now: float) -> None:
    """Refuse a size at which the guest would surely swap or kill its own processes.

    A growth never hurts, so it is never refused.
    """
    use = _least_use(guest, now)
    if use is not None and guest.actual is not None and size < min(use, guest.actual):
        uses = f"{printable(guest.name)} uses at least {format_size(use)} that it cannot give up"
        raise ConfigError(
            f"{uses}: at {format_size(size)} it would swap or kill processes; ask for more, or add --force"
        )


def _least_use(guest: Guest, now: float) -> int | None:
    """Return what the guest uses at the very least, whatever kind of driver it has.

    ``actual - usable`` is right at rest, but the size may be newer than the sample. ``total - usable`` is of
    one instant and lacks only the kernel's own part where the total follows the balloon; elsewhere it is
    too much. The smaller of the two is never more than the truth for long.
    """
    sample = guest.sample
    if sample is None or sample.usable is None or guest.actual is None or not is_fresh(guest, now):
        return None
    whole = guest.actual if sample.total is None else min(guest.actual, sample.total)
    return max(0, whole - sample.usable)


def _above(name: str, size: int, maximum: int) -> tuple[str, ...]:
    if size <= maximum:
        return ()
    remark = (
        f"{name} cannot have {format_size(size)}: its maximum is {format_size(maximum)}, so it is set to"
        f" that; for more raise <memory> with `virsh edit {name}` and restart it"
    )
    return (remark,)


def _silence(guest: Guest) -> tuple[str, ...]:
    """Say what makes it likely that nothing will move."""
    name = printable(guest.name)
    if guest.state is State.PAUSED:
        return (f"{name} is paused: nothing moves until it runs again (`virsh resume {name}`)",)
    if guest.sample is None or guest.sample.timestamp <= 0:
        remark = (
            f"{name}'s balloon driver has never reported: perhaps it is not loaded, and nothing may move;"
            " in the guest, look at `lsmod | grep virtio_balloon`"
        )
        return (remark,)
    return ()

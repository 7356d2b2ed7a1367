"""The live view: it fits every window, whatever guests are called, and keys do what they say."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ballonet.policy import Reserves
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_cli.bars import guest_bar, host_bar
from ballonet_cli.keyboard import Keyboard
from ballonet_cli.order import Order, ordered
from ballonet_cli.scene import Gauge, Scene
from ballonet_cli.steering import steered
from ballonet_cli.view import Window, plain_lines, render
from worlds import host

SIZES = st.none() | st.integers(0, 2**63)
GAUGES = st.builds(
    Gauge,
    name=st.text(max_size=40),
    actual=SIZES,
    maximum=SIZES,
    resident=SIZES,
    need=SIZES,
    target=SIZES,
    reason=st.none() | st.sampled_from(Reason),
)
WINDOWS = st.builds(
    Window,
    width=st.integers(1, 200),
    height=st.integers(1, 60),
    order=st.sampled_from(Order),
    first=st.integers(0, 50),
    plain=st.booleans(),
)
RESERVES = Reserves(grow=960 * MIB, reclaim=640 * MIB, critical=320 * MIB)


def drawn(scene: Scene, window: Window) -> list[str]:
    file = StringIO()
    Console(file=file, width=window.width, color_system=None).print(render(scene, window))
    return file.getvalue().splitlines()


def gauge(name: str = "a", *, actual: int = GIB, need: int | None = 512 * MIB) -> Gauge:
    return Gauge(name=name, actual=actual, maximum=2 * GIB, need=need)


@given(st.lists(GAUGES, max_size=20), WINDOWS)
def test_no_scene_ever_leaves_its_window(guests: list[Gauge], window: Window) -> None:
    lines = drawn(Scene(host=host(), guests=tuple(guests), reserves=RESERVES), window)

    assert len(lines) <= window.height
    assert all(cell_len(line) <= window.width for line in lines)
    assert not window.plain or "".join(lines).isascii()


@given(st.lists(GAUGES, max_size=20))
def test_plain_lines_are_one_per_guest_and_one_for_the_host(guests: list[Gauge]) -> None:
    lines = plain_lines(Scene(host=host(), guests=tuple(guests)))

    assert len(lines) == len(guests) + 1
    assert all(line.isprintable() for line in lines)


def test_five_hundred_guests_are_drawn_fast_enough_to_watch() -> None:
    guests = tuple(gauge(f"guest-{number}") for number in range(500))
    started = time.process_time()
    lines = drawn(Scene(host=host(), guests=guests), Window(width=120, height=40))

    assert "... 0 above, 469 below" in lines
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    ("actual", "need", "bar"),
    [
        pytest.param(1024, 512, "##==....", id="half of it needed"),
        pytest.param(1024, 1536, "####!!..", id="needs more than it has"),
        pytest.param(2048, 2048, "########", id="all of it"),
        pytest.param(1024, None, "%%%%....", id="need unknown"),
    ],
)
def test_a_guest_bar_shows_need_actual_and_maximum(actual: int, need: int | None, bar: str) -> None:
    drawn_bar = guest_bar(
        gauge(actual=actual * MIB, need=need if need is None else need * MIB), 8, plain=True
    )

    assert drawn_bar.plain == bar


def test_the_host_bar_shows_guests_the_rest_and_the_reserves() -> None:
    scene = Scene(
        host=host(available=8 * GIB, total=16 * GIB), guests=(gauge(actual=4 * GIB),),
        reserves=Reserves(grow=3 * GIB, reclaim=2 * GIB, critical=GIB),
    )  # fmt: skip

    assert host_bar(scene, 16, plain=True).plain == "####%%%%.....:|X"


def test_a_budget_is_the_host_that_is_shown() -> None:
    scene = Scene(
        host=host(available=8 * GIB, total=16 * GIB, budget=6 * GIB), guests=(gauge(actual=4 * GIB),)
    )

    assert scene.available == 2 * GIB
    assert host_bar(scene, 6, plain=True).plain == "####.."


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (Order.NAME, "abc"),
        (Order.NEED, "bac"),
        (Order.ACTUAL, "cab"),
        (Order.MAXIMUM, "abc"),
        (Order.SHORT, "bac"),
    ],
)
def test_guests_are_ordered_by_what_was_asked_for(order: Order, names: str) -> None:
    guests = [
        gauge("c", actual=2 * GIB, need=GIB),
        gauge("b", actual=GIB, need=2 * GIB),
        gauge("a", actual=GIB, need=GIB),
    ]

    assert "".join(guest.name for guest in ordered(guests, order)) == names


@pytest.mark.parametrize("key", ["q", "Q"])
def test_q_quits(key: str) -> None:
    assert steered(Window(width=80, height=24), key, 100) is None


@pytest.mark.parametrize("order", Order)
def test_every_order_has_a_key_of_its_own(order: Order) -> None:
    window = steered(Window(width=80, height=24, first=5), order.key, 100)

    assert window == Window(width=80, height=24, first=0, order=order)


@pytest.mark.parametrize(
    ("key", "first"),
    [("down", 11), ("up", 9), ("page down", 25), ("page up", 0), ("end", 85), ("home", 0), ("x", 10)],
)
def test_keys_scroll_and_stop_at_both_ends(key: str, first: int) -> None:
    window = steered(Window(width=80, height=24, first=10), key, 100)

    assert window is not None
    assert window.first == first


@contextmanager
def terminal() -> Iterator[tuple[int, Keyboard]]:
    person, program = pty.openpty()
    tty.setraw(program)
    try:
        yield person, Keyboard(program)
    finally:
        os.close(person)
        os.close(program)


@pytest.mark.parametrize(
    ("typed", "key"),
    [(b"q", "q"), (b"\x1b[A", "up"), (b"\x1b[6~", "page down"), (b"\x1b", "q"), (b"\xff", "\ufffd")],
)
def test_keys_are_read_from_a_real_terminal(typed: bytes, key: str) -> None:
    with terminal() as (person, keys):
        os.write(person, typed)

        assert keys.key(5.0) == key


def test_no_key_is_no_answer() -> None:
    with terminal() as (_, keys):
        assert keys.key(0.0) is None

    assert Keyboard(None).key(0.0) is None

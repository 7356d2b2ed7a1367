"""Passwords and rates, without a server."""

import base64
import time

import bcrypt
import pytest

from ballonet.web.rate import Rate
from ballonet.web.users import Users

COST = 9


def header(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def seconds(users: Users, authorization: str) -> float:
    started = time.thread_time()  # Processor time, which other programs of a busy machine do not lengthen.
    users.admits(authorization)
    return time.thread_time() - started


@pytest.fixture(scope="module")
def hashed() -> str:
    return bcrypt.hashpw(b"right", bcrypt.gensalt(COST)).decode()


def test_an_unknown_user_costs_what_a_wrong_password_costs(hashed: str) -> None:
    users = Users({"alice": hashed})

    pairs = [
        (seconds(users, header("alice", f"wrong-{number}")), seconds(users, header("bob", f"wrong-{number}")))
        for number in range(7)
    ]

    wrong, unknown = (min(column) for column in zip(*pairs, strict=True))
    assert 0.5 < unknown / wrong < 2


def test_a_known_answer_costs_nothing(hashed: str) -> None:
    users = Users({"alice": hashed})
    first = seconds(users, header("alice", "right"))

    again = min(seconds(users, header("alice", "right")) for _ in range(5))

    assert again < first / 5


def test_many_guesses_push_out_no_right_answer_and_do_not_pile_up() -> None:
    users = Users({"alice": bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()})
    for number in range(500):
        assert users.admits(header("alice", "right"))
        assert not users.admits(header("alice", f"wrong-{number}"))

    assert len(users._known) <= 128


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_hashes_of_every_tool_work(hashed: str, prefix: str) -> None:
    users = Users({"alice": prefix + hashed[4:]})

    assert users.admits(header("alice", "right"))
    assert not users.admits(header("alice", "left"))


def test_a_password_is_its_first_72_bytes_as_bcrypt_has_it() -> None:
    users = Users({"alice": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()})

    assert users.admits(header("alice", "x" * 100))


def test_a_rate_lets_a_burst_pass_and_then_one_per_interval() -> None:
    now = [100.0]
    rate = Rate(2.0, 3, clock=lambda: now[0])

    assert [rate.allows() for _ in range(4)] == [True, True, True, False]
    now[0] += 1.9
    assert not rate.allows()
    now[0] += 0.2
    assert [rate.allows() for _ in range(2)] == [True, False]
    now[0] += 1000
    assert [rate.allows() for _ in range(4)] == [True, True, True, False]

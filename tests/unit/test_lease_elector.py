"""The elector and its requests, one at a time: who leads, and that no two ever do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ballonet.errors import ApiServerRefused, ApiServerUnreachable
from ballonet_operator.controller.claim import LEASE_DURATION, RENEW_DEADLINE
from ballonet_operator.controller.lease import unique_identity
from lease_candidates import Candidate, Fate, Store, Weather


@pytest.fixture
def store() -> Store:
    return Store()


def test_the_first_candidate_leads_and_the_second_waits(store: Store) -> None:
    first, second = Candidate(store, "first"), Candidate(store, "second")
    first.look()
    second.look()
    assert (first.leading, second.leading) == (True, False)
    assert second.elector.holder() == "first"
    assert (first.told, second.told) == ([True], [])


def test_of_two_who_saw_no_lease_one_leads(store: Store) -> None:
    first, second = Candidate(store, "first"), Candidate(store, "second")
    store.weather = Weather(back=1, meanwhile=second.look)
    first.look()
    assert (first.leading, second.leading) == (False, True)


def test_a_dead_leader_is_replaced_when_its_lease_has_expired(store: Store) -> None:
    first, second = Candidate(store, "first"), Candidate(store, "second")
    first.look()
    second.look()
    store.pass_time(LEASE_DURATION - 0.5)
    second.look()
    assert not second.leading
    store.pass_time(0.5)
    second.look()
    assert second.leading


def test_a_leader_whose_renewal_hangs_ceases_to_lead_while_it_hangs(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    store.pass_time(2)
    still: list[bool] = []
    store.watch = lambda: still.append(leader.leading)
    store.weather = Weather(there=RENEW_DEADLINE)
    leader.look()
    assert still.index(False) == (RENEW_DEADLINE - 2) / 0.5 - 1
    assert leader.told == [True, False], "its thread cannot tell before the request returns"


def test_a_renewal_counts_from_when_it_was_sent(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    store.weather = Weather(back=4)
    leader.look()
    store.pass_time(RENEW_DEADLINE - 4)
    assert not leader.leading


def test_a_lapse_is_told_even_where_the_renewal_came_through_at_last(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    store.pass_time(RENEW_DEADLINE)
    leader.look()
    assert leader.told == [True, False, True]


def test_a_renewal_whose_answer_was_lost_is_found_at_the_next_look(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    store.weather = Weather(fate="answer lost")
    leader.look()
    store.pass_time(2)
    leader.look()
    store.pass_time(RENEW_DEADLINE - 0.5)
    assert leader.leading
    assert leader.told == [True]


def test_a_leader_whose_lease_was_changed_by_somebody_else_stops_until_it_has_looked(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    assert store.lease is not None
    store._store(store.lease, expected=store.lease["metadata"]["resourceVersion"])
    leader.look()
    assert not leader.leading
    leader.look()
    assert leader.leading


def test_a_candidate_that_could_not_ask_says_so_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    candidate = Candidate(store, "candidate")
    for _ in range(3):
        store.weather = Weather(fate="lost")
        candidate.look()
    candidate.look()
    assert warnings(caplog) == ["lease not obtained"]


def test_one_problem_is_told_once_whatever_its_figures_and_again_after_it_healed(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    leader = Candidate(store, "leader")
    leader.look()
    for again in range(2):
        for timeout in ("2.0", "1.98", "1.7"):
            store.weather = Weather(trouble=ApiServerUnreachable(f"timed out (read timeout={timeout})"))
            leader.look()
        assert len(warnings(caplog)) == again + 1
        leader.look()
    assert set(warnings(caplog)) == {"lease not renewed"}
    assert [each.message for each in caplog.records].count("lease renewed again") == 2


def test_two_problems_that_alternate_are_told_once_each(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    candidate = Candidate(store, "candidate")
    for trouble in ("read timed out", "connect timed out", "read timed out"):
        store.weather = Weather(trouble=ApiServerUnreachable(trouble))
        candidate.look()
    assert len(warnings(caplog)) == 2


def test_a_namespace_that_does_not_exist_is_told_with_what_to_do(store: Store) -> None:
    candidate = Candidate(store, "candidate")
    store.weather = Weather(trouble=ApiServerRefused('namespaces "space" not found', code=404))
    candidate.look()
    said = "no namespace space: run kubectl apply -f deploy/kubernetes/, or see --namespace"
    assert candidate.elector.problem() == said
    candidate.look()
    assert candidate.elector.problem() == ""


def test_a_leader_has_no_problem_as_long_as_it_leads(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    store.weather = Weather(fate="lost")
    leader.look()
    assert leader.elector.problem() == ""
    store.pass_time(RENEW_DEADLINE)
    assert leader.elector.problem() == "lost"


def test_nobody_leads_is_a_problem_after_a_while_even_where_a_request_hangs(store: Store) -> None:
    candidate = Candidate(store, "candidate")
    store.pass_time(LEASE_DURATION)
    assert candidate.elector.problem() == ""
    store.pass_time(1)
    assert candidate.elector.problem() == "nobody has held the lease for 16 s"
    Candidate(store, "other").look()
    candidate.look()
    assert candidate.elector.problem() == ""
    store.pass_time(2 * LEASE_DURATION + 1)
    assert candidate.elector.problem() == "nobody has held the lease for 16 s"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


def test_whoever_stops_has_ceased_before_the_lease_is_released(store: Store) -> None:
    leader = Candidate(store, "leader")
    leader.look()
    leading: list[bool] = []
    store.watch = lambda: leading.append(leader.leading)
    leader.elector._stopped.set()
    leader.elector._release()
    assert leading
    assert not any(leading)
    assert store.lease is not None
    assert store.lease["spec"]["holderIdentity"] == ""


def test_whoever_does_not_lead_releases_nothing(store: Store) -> None:
    first, second = Candidate(store, "first"), Candidate(store, "second")
    first.look()
    second.look()
    second.elector._release()
    assert store.lease is not None
    assert store.lease["spec"]["holderIdentity"] == "first"


def test_two_processes_of_one_machine_have_different_identities() -> None:
    assert unique_identity("pod") != unique_identity("pod")
    assert unique_identity("pod").startswith("pod_")


SECONDS = st.sampled_from([0.0, 0.5, 2.0, 5.0, 9.0, 14.5, 30.0])
LOOKS = st.lists(
    st.tuples(
        st.integers(0, 2),  # who looks
        SECONDS,  # the time before
        SECONDS,  # there
        SECONDS,  # back
        st.sampled_from(["done", "done", "lost", "answer lost"]),
        st.none() | st.integers(0, 2),  # who else looks meanwhile
    ),
    max_size=40,
)


@given(LOOKS)
@settings(max_examples=300, deadline=None)
def test_no_two_lead_at_once_however_requests_fail_and_dawdle(
    looks: list[tuple[int, float, float, float, Fate, int | None]],
) -> None:
    store = Store()
    crowd = [Candidate(store, name) for name in ("a", "b", "c")]

    def at_most_one() -> None:
        assert sum(each.leading for each in crowd) <= 1

    store.watch = at_most_one
    for who, before, there, back, fate, other in looks:
        store.pass_time(before)
        # One thread does not look while it looks.
        meanwhile = crowd[other].look if other not in (None, who) else lambda: None
        store.weather = Weather(there=there, back=back, fate=fate, meanwhile=meanwhile)
        crowd[who].look()
        at_most_one()
    store.pass_time(LEASE_DURATION)
    for _ in range(3):
        for each in crowd:
            each.look()
        store.pass_time(LEASE_DURATION / 3)
    crowd[0].look()
    for each in crowd:
        each.look()
    assert sum(each.leading for each in crowd) == 1, "once the weather is good somebody leads"

"""Where one guest stands in this cycle: what it needs, who owns it, and whether it takes part."""

from collections.abc import Sequence
from typing import NamedTuple

from ballonet.decision import Starvation, Terms, View
from ballonet.guest import Guest, Read, is_fresh
from ballonet.history import Course, Demand, Past
from ballonet.law import course as courses
from ballonet.law.eligibility import exclusion
from ballonet.law.need import assess, blind, guess, starvation
from ballonet.law.use import around, follow, learn
from ballonet.policy import Mode, Policy, owner
from ballonet.reason import Reason

# The terms of a guest whose policy is gone: it may only grow, as far as the default reserves allow.
RELEASED = Policy(name="")


class Standing(NamedTuple):
    """One guest in this cycle.

    Attributes:
        policy: the owner; ``RELEASED`` while a guest without one grows back; None for nobody's guest.
        excluded: why the guest takes no part, or None.
        observed: it would take part, but its policy only observes.
        adopted: somebody else has set its size.
        band: the smallest change worth making.
    """

    guest: Guest
    policy: Policy | None
    past: Past | None
    terms: Terms | None = None
    excluded: Reason | None = None
    observed: bool = False
    adopted: bool = False
    band: int = 0

    @property
    def target(self) -> int | None:
        """What was last asked of the guest, or what it has."""
        return self.past.course.target if self.past else self.guest.actual


def stand(guest: Guest, policies: Sequence[Policy], past: Past | None, view: View, cycle: float) -> Standing:
    """Return where the guest stands, with its past brought up to this cycle.

    ``policies`` are in order of precedence, ``past`` is None for a guest that is new, and ``cycle`` is the
    time between two cycles in seconds.
    """
    policy = owner(guest, policies)
    if guest.actual is None or not guest.maximum or guest.read is not Read.OK:
        reason = exclusion(guest, policy, past, view.now) if policy else Reason.NO_POLICY
        return Standing(guest=guest, policy=policy, past=_unread(guest, past, view.now), excluded=reason)
    # A stopped guest has no past worth keeping: when it runs again, nothing that it showed before holds.
    known = past if past and guest.active else Past(course=courses.begin(guest.actual, view.now))
    if policy is None:
        return _ownerless(guest, known, view.now)
    return _owned(guest, policy, known, view, cycle)


def _unread(guest: Guest, past: Past | None, now: float) -> Past | None:
    """Keep what is known of a guest that could not be read; a stopped one has no past worth keeping."""
    if past is None and guest.actual is not None:
        return Past(course=courses.begin(guest.actual, now))
    return past if guest.active else None


def _ownerless(guest: Guest, past: Past, now: float) -> Standing:
    """A guest that no policy selects: nobody's, or still growing back after its policy was removed."""
    actual, maximum = guest.actual or 0, guest.maximum or 0
    course, _ = courses.observe(past.course, actual, now)
    past = past._replace(course=course, resident=guest.resident, managed=past.managed and actual < maximum)
    blocked = exclusion(guest, RELEASED, past, now)
    if not past.managed or blocked is not None:
        return Standing(guest=guest, policy=None, past=past, excluded=Reason.NO_POLICY)
    band = band_of(guest, RELEASED)
    course = courses.judge(course, actual, band, now)
    past = past._replace(course=course)
    terms = blind(guest, RELEASED, course.target, starved=None, guessed=0)
    return Standing(guest=guest, policy=RELEASED, past=past, terms=terms, band=band)


def _owned(guest: Guest, policy: Policy, past: Past, view: View, cycle: float) -> Standing:
    actual, now = guest.actual or 0, view.now
    band = band_of(guest, policy)
    trail = follow(past.trail, actual, now)
    fresh = is_fresh(guest, now)
    demand, starved, course, adopted = past.demand, None, past.course, False
    autodeflate = guest.traits is not None and guest.traits.autodeflate
    if courses.took_back(course, actual, autodeflate=autodeflate, now=now):
        starved, course = Starvation.TOOK_BACK, courses.retaken(course, actual, now)
    else:
        course, adopted = courses.observe(course, actual, now)
    if fresh and guest.sample is not None:
        sizes = around(trail, guest.sample.timestamp)
        settled = course.reached and course.asked_at + 1 < guest.sample.timestamp
        demand = learn(demand, guest.sample, sizes, settled=settled, adopted=adopted, fixed_total=autodeflate)
        starved = starved or starvation(guest, guest.sample, max(sizes), demand, policy)
    starved = Starvation.ALERTED if guest.uuid in view.signals.grow else starved
    if starved is None:
        course = courses.judge(course, actual, band, now)
    terms, demand = _terms(guest, policy, course, demand, starved, fresh=fresh, now=now, cycle=cycle)
    past = Past(
        course=course, demand=demand, trail=trail, resident=guest.resident, managed=_manages(policy, past)
    )
    excluded = exclusion(guest, policy, past, now, view.signals.freeze)
    return Standing(
        guest=guest,
        policy=policy,
        past=past,
        terms=terms,
        excluded=excluded,
        observed=policy.mode is Mode.OBSERVE and excluded is None,
        adopted=adopted,
        band=band,
    )


def _manages(policy: Policy, past: Past) -> bool:
    return past.managed or policy.mode is Mode.ENFORCE


def _terms(
    guest: Guest,
    policy: Policy,
    course: Course,
    demand: Demand,
    starved: Starvation | None,
    *,
    fresh: bool,
    now: float,
    cycle: float,
) -> tuple[Terms, Demand]:
    """Return the guest's terms, and its demand with the peak brought up to now."""
    has = max(guest.actual or 0, course.target if course.reached else 0)
    if not fresh or demand.report is None:
        guessed = int(guess(cycle) * has)
        return blind(guest, policy, course.target, starved=starved, guessed=guessed), demand
    terms = assess(guest, policy, demand, now, has=has, starved=starved, cycle=cycle)
    return terms, Demand(*demand[:4], terms.peak, now)


def band_of(guest: Guest, policy: Policy) -> int:
    """Return the dead band: 1 % of the maximum, at least the policy's smallest change."""
    return max(policy.pace.minimum_change, (guest.maximum or 0) // 100)

"""How the property tests search.

Every run draws the same examples, so that a red run means a change and not bad luck. To search for more:
``pytest tests/unit --hypothesis-profile=search``.
"""

from hypothesis import HealthCheck, Phase, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
_PHASES = (Phase.explicit, Phase.generate, Phase.shrink)  # Explaining traces every line, for minutes.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=200,
    database=None,
    phases=_PHASES,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "search", deadline=None, max_examples=5000, phases=_PHASES, suppress_health_check=_SLOW
)
settings.load_profile("repeatable")

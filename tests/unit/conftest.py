"""How the property tests search.

Every run draws the same examples, so that a red run means a change and not bad luck. To search for more:
``pytest tests/unit --hypothesis-profile=search``.
"""

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=150,
    database=None,
    suppress_health_check=_SLOW,
)
settings.register_profile("search", deadline=None, max_examples=5000, suppress_health_check=_SLOW)
settings.load_profile("repeatable")

"""Real Prometheus and Alertmanager on loopback: for the tests of everything that Ballonet does with them."""

from ballonet_lab.monitoring.alertmanager import Alertmanager
from ballonet_lab.monitoring.prometheus import Prometheus, Series, Target

__all__ = ["Alertmanager", "Prometheus", "Series", "Target"]

"""The policy of the demo: the defaults at the textbook's size, smaller reserves and larger floors below."""

from typing import Final

from ballonet.policy import Mode
from ballonet_cli.demo.size import NAMES, Size

_POLICY: Final = """\
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {{name: demo}}
spec:
  mode: {mode}
  guests: {{names: [{names}]}}
  memory: {{floor: {floor}%, headroom: 20%}}
"""
# The default reserves of an 8 GiB host as percentages; their lower bounds are made for hosts of that size.
_SMALL: Final = """\
  thresholds:
    host: {growAbove: 8%, reclaimBelow: 5%, criticalBelow: 2%}
"""


def policy_text(size: Size, mode: Mode) -> str:
    """Return the policy file."""
    text = _POLICY.format(mode=mode.value, names=", ".join(NAMES), floor=size.floor_percent)
    return text + _SMALL if size.small else text

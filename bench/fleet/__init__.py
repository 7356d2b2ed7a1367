"""A fleet of hosts that exists on an API server only, and the load that its agents would make there."""

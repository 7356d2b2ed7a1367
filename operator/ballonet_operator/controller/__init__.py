"""The controller: one per cluster, it tells people what the agents have reported."""

"""The agent's Kubernetes side: its own Node, the BalloonHost that it writes, and Events."""

"""Alerts that fire in Alertmanager, and what they ask of this host and its guests."""

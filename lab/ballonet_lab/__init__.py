"""Ballonet."""

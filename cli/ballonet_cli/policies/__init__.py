"""``ballonet policy``: whether policies can be used, and what they mean."""

"""``ballonet demo``: the textbook example of ballooning, played with real guests.

``size`` says how large, ``policy`` by which rules; both are pure, and so are ``picture``, ``story`` and
``verdict``, which hold what was seen and what it came to. ``stage`` starts the guests, the exporter and the
agent and ends them again, ``work`` makes guests busy, ``scrape`` reads the two programs, ``screen`` shows it,
and ``play`` leads through the acts.

Every number that is shown comes from the two ``/metrics`` pages, as anybody else could read them. Only
whether a guest's own write has finished, and its kernel log, are asked of the guest itself.
"""

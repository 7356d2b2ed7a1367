"""The agent that moves memory on one host, and the pieces that it is made of.

``observe`` takes one snapshot, ``ballonet.plan`` decides, ``act`` carries the decisions out, ``report`` is
what came of it; ``cycle`` joins the four, ``pace`` repeats them. ``book`` holds the policies last seen,
whoever brings them; ``journal``, ``metrics`` and ``health`` tell people and programs. ``agent`` puts it
together.
"""

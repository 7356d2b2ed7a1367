"""The parts of the control law, which ``ballonet.plan`` puts together. Pure, all of them.

``standing`` (with ``use``, ``need``, ``course`` and ``eligibility``) says where each guest stands, ``pool``
what the host can give, ``move`` (with ``fill``) what follows. ``invariants`` says what must hold always.
"""

"""The command ``ballonet``: what a person types at a host's shell.

Two halves. The pure one turns values into words and pictures, without a clock or a connection
(``printable documents tables guest_table guest_card request pursuit explanation scene bars view``).
The other is one module per command group (``guest_list balloon holding proposal top completion``):
they parse, connect, call the core and print; ``commands`` joins them.

Everything a guest reports, its name included, is untrusted: it reaches the terminal only through
``printable``.
"""

"""HTTP for programs that answer a scraper and a probe: few paths, small answers, no request bodies.

``server``      listens, reads requests within limits, and calls a handler by path.
``message``     what a handler gets and what it returns.
``connections`` how many connections there may be, and for how long.
``address``     ``host:port`` as Prometheus flags write it, and sockets that systemd opened.
``markup``      HTML in which every value is escaped.
``document``    the frame of every page: style, security headers, refreshing.
``tables``, ``bars``, ``moments`` what pages are made of.
``landing``     the page at ``/`` of a program that says no more than what it is and where the rest is.
``rules``       TLS, users, headers and rate in force; re-read when the file of ``--web.config.file`` changes.
``config``      the models of that file, the exporter-toolkit format, with ``section`` and ``tls_config``.
``tls``, ``users``, ``rate`` what the file's sections come to.

``rules`` and what it imports cost memory (pydantic, yaml, bcrypt), so only a program that was given such a
file imports it.
"""

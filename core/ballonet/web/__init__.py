"""HTTP for programs that answer a scraper and a probe: few paths, small answers, no request bodies.

``server``      listens, reads requests within limits, and calls a handler by path.
``message``     what a handler gets and what it returns.
``connections`` how many connections there may be, and for how long.
``address``     ``host:port`` as Prometheus flags write it, and sockets that systemd opened.
``landing``     the page at ``/``.
``rules``       TLS, users, headers and rate in force; re-read when the file of ``--web.config.file`` changes.
``config``      the models of that file, the exporter-toolkit format, with ``section`` and ``tls_config``.
``tls``, ``users``, ``rate`` what the file's sections come to.

``rules`` and what it imports cost memory (pydantic, yaml, bcrypt), so only a program that was given such a
file imports it.
"""

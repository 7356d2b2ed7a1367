"""The Prometheus exporter: every guest's balloon and memory, read-only, one per host.

``metrics``     the table of metrics, as data.
``collector``   from libvirt and the kernel to readings; one collection serves overlapping scrapes.
``exposition``  readings and how they are written.
``application`` the HTTP paths. ``options`` and ``settings``: flags. ``process``: this process's own metrics.
``embedding``   the same readings as a collector of ``prometheus_client``, for another program's registry.
``reference``   ``docs/metrics.md`` from the table.
"""

"""Prints the tables of ``docs/metrics.md`` from the table of metrics; ``make docs`` puts them there."""

import sys
from collections.abc import Iterable, Iterator

from ballonet_exporter import metrics, process
from ballonet_exporter.exposition import Family


def reference() -> str:
    """Return the tables, as Markdown."""
    sections = (
        ("Guests", _families("ballonet_guest_")),
        ("Host and hypervisor", _families("ballonet_up", "ballonet_libvirt_", "ballonet_host_")),
        ("Exporter", [*_families("ballonet_scrape_", "ballonet_exporter_"), *process.FAMILIES]),
    )
    return "\n".join(f"## {title}\n\n{_table(families)}" for title, families in sections)


def _families(*prefixes: str) -> list[Family]:
    return [family for family in metrics.FAMILIES if family.name.startswith(prefixes)]


def _table(families: Iterable[Family]) -> str:
    return "\n".join(["| name | type | labels | meaning |", "|---|---|---|---|", *_rows(families)]) + "\n"


def _rows(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        yield f"| `{family.name}` | {family.kind} | {labels} | {_cell(family.help)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(reference())

"""Scrapes each part through its Service: python3 scrape.py SCHEME ACCESS NAME=PORT=METRIC ...

With ACCESS "guarded" it has no password to show: that a part answers at all is enough then.
"""

import os
import ssl
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 60.0  # Seconds; a Service is known to the nodes a little later than its pods are ready.
TRUST_ALL = ssl._create_unverified_context()  # noqa: S323, SLF001 - nothing secret is sent.


def address(name: str, port: str) -> str:
    """Return the Service's address out of the variables that Kubernetes sets: they need no DNS."""
    host = os.environ.get(f"{name.upper().replace('-', '_')}_SERVICE_HOST", name)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def complaint(url: str, metric: str, *, guarded: bool) -> str:
    """Return what is wrong with a part; empty for nothing."""
    try:
        with urllib.request.urlopen(url, timeout=10, context=TRUST_ALL) as answer:  # noqa: S310
            lines = answer.read().decode().splitlines()
    except urllib.error.HTTPError as error:
        return "" if guarded and error.code == 401 else f"{url}: {error}"
    except (TimeoutError, urllib.error.URLError, ConnectionError) as error:
        asks_for_certificate = guarded and "SSL" in str(error)
        return "" if asks_for_certificate else f"{url}: {error}"
    return "" if any(line.startswith(metric) for line in lines) else f"{url} does not say: {metric}"


def main() -> int:
    """Ask each part until it answers as it should."""
    scheme, access, *parts = sys.argv[1:]
    end = time.monotonic() + PATIENCE
    for part in parts:
        name, port, metric = part.split("=")
        url = f"{scheme}://{address(name, port)}/metrics"
        while problem := complaint(url, metric, guarded=access == "guarded"):
            if time.monotonic() > end:
                print(problem)
                return 1
            time.sleep(1)
        print(f"{url}: {metric}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

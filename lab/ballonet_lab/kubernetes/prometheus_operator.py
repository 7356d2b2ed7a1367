"""The CRDs of the Prometheus Operator out of its sources, for tests of objects that are written for it."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from ballonet_lab.cache import checked, made_once, say
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.golang import find_go

_MODULE: Final = "github.com/prometheus-operator/prometheus-operator"
_VERSION: Final = "v0.85.0"
_FOLDER: Final = "example/prometheus-operator-crd"
# SHA-256 of the files in that version.
_SUMS: Final = {
    "podmonitors": "8ce88c52c51209993511cae093089c9525f5552def88119e3f559123ee9d454b",
    "prometheusrules": "98fd16c9ab79fba8dcd6ef62c957c98cd6546ab74ce0a4ecf09ddf2fda03020e",
    "servicemonitors": "1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919",
}
_PATIENCE: Final = 300.0


def find_operator_crds() -> Path:
    """Return the directory with the CRDs of monitors and rules; they are fetched where missing.

    Raises:
        LabError: they cannot be fetched, or are not what they were.
    """
    return made_once(f"kubernetes/prometheus-operator-{_VERSION}", _fetch)


def _fetch(ready: Path) -> None:
    say(f"CRDs of the Prometheus Operator: fetching them with Go ({_MODULE} {_VERSION})")
    with tempfile.TemporaryDirectory(prefix="ballonet-module-") as scratch:
        sources = _download(Path(scratch)) / _FOLDER
        for kind, expected in _SUMS.items():
            name = f"monitoring.coreos.com_{kind}.yaml"
            content = (sources / name).read_bytes()
            (ready / name).write_bytes(checked(content, expected, f"{name} in {_MODULE} {_VERSION}"))


def _download(scratch: Path) -> Path:
    """Return the module's directory; Go's own cache would keep 30 MB for three files."""
    go = find_go().ready(scratch)
    done = subprocess.run(
        [go, "mod", "download", "-json", f"{_MODULE}@{_VERSION}"],
        cwd=scratch, capture_output=True, text=True, check=False, timeout=_PATIENCE,
        env={**os.environ, "GOMODCACHE": str(scratch / "modules"), "GOFLAGS": "-modcacherw"},
    )  # fmt: skip
    if done.returncode != 0:
        complaint = done.stderr.strip() or json.loads(done.stdout or "{}").get("Error", "it says nothing")
        raise LabError(f"`go mod download {_MODULE}@{_VERSION}` failed: {complaint}")
    return Path(json.loads(done.stdout)["Dir"])

"""The CRDs of the Prometheus Operator out of its sources, for tests of objects that are written for it."""

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked, say
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
    home = cache_directory() / "kubernetes" / f"prometheus-operator-{_VERSION}"
    if not home.exists():
        with locked("prometheus-operator"):
            if not home.exists():
                _fetch(home)
    return home


def _fetch(home: Path) -> None:
    say(f"CRDs of the Prometheus Operator: fetching them with Go ({_MODULE} {_VERSION})")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=home.parent) as scratch:
        ready = Path(scratch) / "ready"
        ready.mkdir()
        sources = _download(Path(scratch)) / _FOLDER
        for kind, expected in _SUMS.items():
            name = f"monitoring.coreos.com_{kind}.yaml"
            (ready / name).write_bytes(checked(name, (sources / name).read_bytes(), expected))
        ready.rename(home)


def checked(name: str, content: bytes, expected: str) -> bytes:
    """Return the content of a file whose SHA-256 is as expected.

    Raises:
        LabError: it is not.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise LabError(f"{name} in {_MODULE} {_VERSION} has the SHA-256 {found} instead of {expected}")
    return content


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

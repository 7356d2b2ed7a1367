"""The command ``ballonet`` run as a person does, for tests of what it says about Kubernetes."""

import os
import subprocess
import sys
from pathlib import Path

Done = subprocess.CompletedProcess[str]


def ballonet(*arguments: str, kubeconfig: Path | None = None, home: Path | None = None, **more: str) -> Done:
    """Run the command as a person does, with nothing of Kubernetes in the environment but what is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KUBE")}
    environment = {**kept, "HOME": str(home or "/nonexistent"), **more}
    if kubeconfig is not None:
        environment["KUBECONFIG"] = str(kubeconfig)
    return subprocess.run(
        [sys.executable, "-m", "ballonet_cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

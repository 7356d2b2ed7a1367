"""Kubeconfig files: where the API server is, whom to trust, and who one is."""

from pathlib import Path
from typing import Any

import yaml


def certificate_user(certificate: Path) -> dict[str, str]:
    """Return the user who has this certificate, whose key lies beside it."""
    return {"client-certificate": str(certificate), "client-key": str(certificate.with_suffix(".key"))}


def token_user(token: str) -> dict[str, str]:
    """Return the user who has this token."""
    return {"token": token}


def write_kubeconfig(file: Path, server: str, authority: Path, user: dict[str, str]) -> Path:
    """Write a file that only its owner can read, and return its path."""
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(_content(server, authority, user), sort_keys=False))
    return file


def _content(server: str, authority: Path, user: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "user"}}],
        "current-context": "lab",
    }

"""Images without a registry: an OCI archive out of a few files, and the two images that a node is given.

The format is the image specification's (opencontainers/image-spec: image-layout.md, manifest.md, config.md).
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ballonet_lab.kubernetes.node_files import PAUSE
from ballonet_lab.packages import find_program
from ballonet_lab.programs import run_program

BUSYBOX: Final = "lab.local/busybox:1"
_TYPE: Final = "application/vnd.oci.image"


@dataclass(slots=True)
class _Blobs:
    """What an image is made of, each part named by its digest."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, kind: str, content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"{_TYPE}.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


def write_image(file: Path, name: str, tree: Path, entry: Sequence[str]) -> Path:
    """Write the archive of an image and return its path.

    Args:
        file: the archive.
        name: the image's name with its tag.
        tree: the directory whose content is the image's.
        entry: the command that it runs.
    """
    blobs = _Blobs()
    layer = _layer(tree)
    held = blobs.add("layer.v1.tar", layer)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": list(entry), "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [held["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_TYPE}.manifest.v1+json",
        "config": blobs.add("config.v1+json", _json(config)),
        "layers": [held],
    }
    listed = blobs.add("manifest.v1+json", _json(manifest))
    named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    index = {"schemaVersion": 2, "manifests": [{**listed, "annotations": named}]}
    parts = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index), **blobs.files}
    _write_tar(file, parts)
    return file


def make_pause(directory: Path, program: Path) -> Path:
    """Make the image of the process that holds each pod's namespaces.

    Args:
        directory: for the archive.
        program: it, which needs no library.
    """
    tree = directory / "pause"
    tree.mkdir()
    (tree / "pause").hardlink_to(program)
    return write_image(directory / "pause.tar", PAUSE, tree, ["/pause"])


def make_busybox(directory: Path) -> Path:
    """Make an image with a shell and the usual small programs."""
    tree = directory / "busybox"
    for name in ("bin", "etc", "tmp"):
        (tree / name).mkdir(parents=True)
    busybox = Path(find_program("busybox"))
    (tree / "bin" / "busybox").write_bytes(busybox.read_bytes())
    (tree / "bin" / "busybox").chmod(0o755)
    for name in run_program(str(busybox), "--list").split():
        if name != "busybox":
            (tree / "bin" / name).symlink_to("busybox")
    (tree / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    return write_image(directory / "busybox.tar", BUSYBOX, tree, ["/bin/sh"])


def _layer(tree: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for entry in sorted(tree.iterdir()):
            tar.add(entry, entry.name, filter=_anonymous)
    return content.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made it and when: equal files make equal images."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _write_tar(file: Path, parts: Mapping[str, bytes]) -> None:
    with tarfile.open(file, "w") as tar:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))

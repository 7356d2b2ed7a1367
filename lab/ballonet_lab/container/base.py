"""The base image: Debian trixie made by debootstrap, under the name that the Dockerfile gives it.

It stands in for the ``debian:trixie-slim`` of a registry, which the machines of the tests cannot reach, and
is made slim by the same rules. It trusts the machine's own certificate authorities, so that pip in a build
does.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

from ballonet_lab.cache import say
from ballonet_lab.container.store import Store
from ballonet_lab.debootstrap import SUITE, authorities, bootstrap

_NAME: Final = "localhost/debian:trixie-slim"
# Raise it when this file makes another base out of the same parts.
_RECIPE: Final = 1

# Debian's own slim image leaves the same out (debuerreotype, scripts/.slimify-excludes); of documents it
# keeps the licences.
_EXCLUDED: Final = ("doc", "groff", "info", "lintian", "linda", "locale", "man")
_KEPT: Final = "copyright"

# As in Debian's own images (debuerreotype-minimizing-config): nothing is started, and apt keeps neither
# packages nor indexes of its own.
_FILES: Final = {
    "etc/apt/apt.conf.d/docker-clean": (
        'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };\n'
        'APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };\n'
        'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n'
    ),
    "etc/apt/apt.conf.d/docker-no-languages": 'Acquire::Languages "none";\n',
    "etc/apt/apt.conf.d/docker-gzip-indexes": 'Acquire::GzipIndexes "true";\n',
    "etc/apt/apt.conf.d/docker-autoremove-suggests": 'Apt::AutoRemove::SuggestsImportant "false";\n',
    "etc/dpkg/dpkg.cfg.d/docker-apt-speedup": "force-unsafe-io\n",
    "etc/dpkg/dpkg.cfg.d/docker": "".join(
        f"path-exclude /usr/share/{name}/*\n" for name in _EXCLUDED
    )
    + f"path-include /usr/share/doc/*/{_KEPT}\n",
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
}  # fmt: skip
_EMPTIED: Final = ("dev", "run", "tmp", "var/log", "var/cache/apt", "var/cache/ldconfig", "var/lib/apt/lists")


def base_key() -> str:
    """Return what changes whenever another base would be made here."""
    trusted = {path.name: path.read_bytes() for path in authorities()}
    recipe = repr((_RECIPE, SUITE, _EXCLUDED, _FILES, _EMPTIED, sorted(trusted.items())))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def find_base() -> str:
    """Return the base image's name in the lab's storage, making it where it is missing.

    Raises:
        LabError: this is not root, a part is missing, or it cannot be made.
    """
    with Store.opened() as store:
        ensure_base(store)
    return _NAME


def ensure_base(store: Store) -> None:
    """Make the base image where it is missing, and give it the name that the Dockerfile asks for."""
    marked = f"localhost/ballonet-base:{base_key()}"
    if not store.has(marked):
        say("base image: making Debian trixie with debootstrap, about 30 seconds, once")
        with tempfile.TemporaryDirectory(prefix="ballonet-base-", ignore_cleanup_errors=True) as scratch:
            tree = Path(scratch) / "tree"
            bootstrap(tree)
            make_slim(tree)
            _commit(store, tree, marked)
    store.run("tag", marked, _NAME)


def make_slim(tree: Path) -> None:
    """Take out of a root file system what Debian's slim images do without, and let apt leave it out too."""
    for place in (*_EMPTIED, *(f"usr/share/{name}" for name in _EXCLUDED if name != "doc")):
        _empty(tree / place)
    _keep_licences(tree / "usr/share/doc")
    for old in ("var/lib/dpkg", "var/cache/debconf"):
        for file in (tree / old).glob("*-old"):
            file.unlink()
    for name, content in _FILES.items():
        (tree / name).write_text(content)
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)


def _empty(directory: Path) -> None:
    if not directory.exists():
        return
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _keep_licences(documents: Path) -> None:
    """Remove every document but the licences, and then the directories that are left empty."""
    for entry in sorted(documents.rglob("*"), reverse=True):
        if entry.is_dir() and not entry.is_symlink():
            if not any(entry.iterdir()):
                entry.rmdir()
        elif entry.name != _KEPT:
            entry.unlink()


def _commit(store: Store, tree: Path, name: str) -> None:
    container = store.run("from", "scratch")
    try:
        store.run("copy", "--quiet", container, str(tree), "/")
        store.run("config", "--cmd", "bash", container)
        store.run("commit", "--quiet", "--timestamp", "0", container, name)
    finally:
        store.run("rm", container)

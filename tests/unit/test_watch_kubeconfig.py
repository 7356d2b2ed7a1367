"""What becomes of a kubeconfig: keys stay in memory, and one that cannot be used is one clear line."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ballonet.apiserver import ApiServer
from ballonet.errors import ConfigError
from ballonet.kubeconfig import in_memory, workplace
from ballonet_lab.kubernetes.certificates import Certificates


def config(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
    """Return a kubeconfig as kubectl writes it."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1", **(cluster or {})}}],
            "users": [{"name": "x", "user": user or {}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "current-context": "x",
        }
    )


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that a service manager gives a program for its files."""
    directory = tmp_path / "runtime"
    directory.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(directory))
    return directory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kubeconfig"


def authority(tmp_path: Path) -> bytes:
    """Return a certificate, in the form that a kubeconfig embeds."""
    return Certificates.make(tmp_path).authority.read_bytes()


def test_what_a_kubeconfig_embeds_lies_in_memory_only(file: Path, tmp_path: Path, runtime: Path) -> None:
    certificate = authority(tmp_path / "keys")
    embedded = base64.b64encode(certificate).decode()
    file.write_text(config({"certificate-authority-data": embedded}, {"token": "secret"}))
    first, second = ApiServer(file), ApiServer(file)
    for server in (first, second, first):
        given = server.credentials()
        assert (given.token, given.ca_file is not None) == ("secret", True)
        kept = Path(given.ca_file or "")
        assert kept.read_bytes() == certificate
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert kept.parent == Path("/proc/self/fd")
    assert list(runtime.iterdir()) == []


def test_files_that_a_kubeconfig_names_are_read_where_they_are(file: Path, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(authority(tmp_path / "keys"))
    file.write_text(config({"certificate-authority": "ca.crt"}, {"token": "secret"}))
    assert ApiServer(file).credentials().ca_file == str(tmp_path / "ca.crt")


def test_the_directory_for_keys_is_private_and_does_not_stay(runtime: Path) -> None:
    with workplace() as directory:
        assert Path(directory).parent == runtime
        assert stat.S_IMODE(Path(directory).stat().st_mode) == 0o700
        key = Path(directory) / "key"
        key.write_text("secret")
        kept = in_memory(directory, [str(key), None, "/etc/hostname"])
    assert list(runtime.iterdir()) == []
    assert list(kept) == [str(key)]
    assert Path(kept[str(key)]).read_text() == "secret"


NO_KUBECONFIG = "is not a kubeconfig: name the file that kubectl uses for the cluster"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b\n", NO_KUBECONFIG),
        ("- a\n", NO_KUBECONFIG),
        ("hello", NO_KUBECONFIG),
        ("", NO_KUBECONFIG),
        ("a: [", NO_KUBECONFIG),
        ("\0", NO_KUBECONFIG),
        ('{"current-context": 3, "contexts": 4, "clusters": 5, "users": 6}', NO_KUBECONFIG),
        ('{"current-context": "x", "contexts": [1], "clusters": [2], "users": [3]}', "no usable Kubernetes"),
        (
            config({"certificate-authority": "/no/ca"}),
            "no usable Kubernetes credentials: File does not exist",
        ),
    ],
    ids=["other YAML", "list", "text", "nothing", "no YAML", "binary", "numbers", "parts", "no such file"],
)
def test_what_is_no_kubeconfig_is_one_line_without_words_of_python(file: Path, text: str, line: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        ApiServer(file)
    told = str(caught.value)
    assert told.startswith(f"{file}: {line}")
    assert not [word for word in ("'int'", "'str'", "indices", "object has", "Errno", "\n") if word in told]


def test_a_directory_and_a_file_that_is_not_there_are_named(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{tmp_path}: is not a kubeconfig: "):
        ApiServer(tmp_path)
    with pytest.raises(ConfigError, match=f"^{file}: there is no such kubeconfig: "):
        ApiServer(file)

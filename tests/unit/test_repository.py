"""The frame of the repository: what must hold for all of its parts, and for the commands around them."""

import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import code_figures
from ballonet_lab import packages

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "core/ballonet",
    "exporter/ballonet_exporter",
    "operator/ballonet_operator",
    "cli/ballonet_cli",
    "lab/ballonet_lab",
)
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".json", ".txt", ""}

TARGET = re.compile(r"^(?P<name>[a-z-]+):(?!=)(?P<rest>.*)$", re.MULTILINE)
SHELL_BLOCK = re.compile(r"^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def repository_files() -> Iterator[Path]:
    for top in sorted(ROOT.iterdir()):
        if top.is_file():
            yield top
        elif not top.name.startswith(".") or top.name == ".ci":
            yield from (
                path for path in sorted(top.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
            )


def texts() -> Iterator[tuple[str, str]]:
    for path in repository_files():
        if path.suffix in TEXT and path != Path(__file__):
            yield str(path.relative_to(ROOT)), path.read_text()


def targets() -> dict[str, str]:
    return {match["name"]: match["rest"] for match in TARGET.finditer((ROOT / "Makefile").read_text())}


def make(*arguments: str) -> str:
    # These tests are run by make as well: its variables must not speak to the one that is tested.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def readme_lines() -> list[str]:
    blocks = SHELL_BLOCK.finditer((ROOT / "README.md").read_text())
    return [line for block in blocks for line in block["text"].splitlines()]


def test_nothing_shadows_the_operator_module_of_the_standard_library() -> None:
    assert not (ROOT / "operator/__init__.py").exists()
    assert not [path for path in (ROOT / "tests").rglob("*") if path.name == "operator"]
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_test_files_have_names_of_their_own() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    names.pop("conftest.py", None)

    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(?<![\w.~$}])/(?:work|root|home/\w+)/", id="a path of one machine"),
        pytest.param(
            r"\b(?:pypi\.org|pythonhosted\.org|deb\.debian\.org|archive\.ubuntu\.com)\b",
            id="a registry's host",
        ),
        pytest.param(r"(?i)^co-authored-by:|generated with|as an ai\b", id="a word on who wrote it"),
    ],
)
def test_no_file_contains(pattern: str) -> None:
    found = [
        f"{name}: {match[0]}" for name, text in texts() for match in re.finditer(pattern, text, re.MULTILINE)
    ]

    assert found == []


def test_functions_and_files_are_short() -> None:
    figures = code_figures.figures(ROOT)

    assert figures.median <= code_figures.MEDIAN_LIMIT
    assert figures.p90 <= code_figures.P90_LIMIT
    assert figures.too_long == []
    assert figures.large_files == {}


def test_a_long_function_is_found() -> None:
    body = "    pass\n" * code_figures.LONGEST_LIMIT
    found = code_figures.functions_of(f"def short(): pass\ndef long():\n{body}", "a.py")

    figures = code_figures.Figures(functions=tuple(found), files={"a.py": 62, "b.py": 251})

    assert [function.place for function in figures.too_long] == ["a.py:2 long"]
    assert figures.large_files == {"b.py": 251}


def test_every_make_target_has_its_line_of_help() -> None:
    helped = make("help")
    listed = {line.split(maxsplit=1)[0] for line in helped.splitlines()}

    assert listed == set(targets()) - {
        "build-environment",
        "package-environment",
        "guest-environment",
        "root",
    }
    assert all(len(line) <= 110 for line in helped.splitlines())


def test_every_folder_of_tests_is_run_once_by_make_test() -> None:
    words = make("--dry-run", "test").split()
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))}

    ran = [word.removeprefix("tests/") for word in words if word.startswith("tests/")]

    assert sorted(ran) == sorted(folders - {"pressure"})


def test_check_and_test_run_every_judge() -> None:
    planned = make("--dry-run", "check", "test", "test-pressure")

    for command in (
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "lint-imports",
        "docs/drift.py",
        "pytest tests/pressure",
    ):
        assert f"{command}\n" in planned.replace(" \n", "\n")
    assert "make check test test-pressure" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("name", ["APT_PACKAGES", "NODE_PACKAGES"])
def test_the_installer_reads_the_lists_of_packages_that_the_lab_keeps(name: str) -> None:
    script = (ROOT / ".ci/install").read_text()
    function = script[script.index("lab_packages() {") : script.index("wanted_packages() {")]

    listed = subprocess.run(
        ["bash", "-c", f"{function}\nlab_packages {name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert tuple(listed.split()) == getattr(packages, name)


@pytest.mark.parametrize(
    ("release", "complaint"),
    [
        pytest.param("ID=fedora\nVERSION_ID=41\n", "fedora 41 is not supported", id="another distribution"),
        pytest.param("ID=debian\nVERSION_ID=11\n", "debian 11 is not supported", id="an old Debian"),
        pytest.param('ID=ubuntu\nVERSION_ID="22.04"\n', "ubuntu 22.04 is not supported", id="an old Ubuntu"),
        pytest.param("", "this system is not supported", id="a system without a name"),
    ],
)
def test_the_installer_refuses_in_one_line(tmp_path: Path, release: str, complaint: str) -> None:
    file = tmp_path / "os-release"
    file.write_text(release)

    done = subprocess.run(
        [ROOT / ".ci/install"], env={"OS_RELEASE": str(file), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr.startswith(f"install: error: {complaint}")
    assert done.stderr.count("\n") == 1


def test_the_wheel_has_the_five_packages_and_the_three_commands(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip

    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        scripts = wheel.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()

    packages = [Path(part).name for part in PARTS]
    assert {name.split("/", 1)[0] for name in names if ".dist-info/" not in name} == set(packages)
    assert {f"{package}/py.typed" for package in packages} <= names
    assert {"ballonet_lab/init.sh", "ballonet/web/style.css"} <= names
    assert re.findall(r"^([\w-]+) =", scripts, re.MULTILINE) == [
        "ballonet",
        "ballonet-exporter",
        "ballonet-operator",
    ]


def test_the_readme_names_only_make_targets_that_exist() -> None:
    lines = [line.removeprefix("sudo ") for line in readme_lines()]
    words = {
        word for line in lines if line.startswith("make ") for word in line.partition("#")[0].split()[1:]
    }
    named = {word for word in words if "=" not in word}

    assert named
    assert named <= set(targets())


def test_the_top_level_folders_that_wait_say_what_for() -> None:
    for folder in ("charts", "crds", "monitoring", "deploy/systemd"):
        assert len((ROOT / folder / "README.md").read_text().strip()) > 20

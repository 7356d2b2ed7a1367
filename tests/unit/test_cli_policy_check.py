"""``ballonet policy check``: which files it reads, what it says of each, and its exit code."""

import json
import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ballonet_cli.commands import cli

GOOD = "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {{name: {name}}}\nspec: {{}}\n"
BAD = GOOD.replace("spec: {{}}", "spec: {{memory: {{floor: 200%}}}}")
TOO_MUCH = (
    "spec.memory.floor: '200%' is above 100%: write a size such as 512Mi or 2Gi, "
    "or a percentage from 0% to 100%"
)


def good(name: str = "web") -> str:
    return GOOD.format(name=name)


def bad(name: str = "web") -> str:
    return BAD.format(name=name)


def check(*arguments: str | Path, stdin: str | None = None) -> Result:
    words = ("policy", "check", *map(str, arguments))
    return CliRunner().invoke(cli, words, prog_name="ballonet", input=stdin)


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_policy_that_can_be_used_is_a_line_on_standard_output(tmp_path: Path) -> None:
    file = written(tmp_path / "web.yaml", good())
    result = check(file)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{file}: web is valid: Enforce, priority 0, on every host, every guest\n"


def test_mistakes_are_a_line_each_on_standard_error_with_file_and_document(tmp_path: Path) -> None:
    file = written(tmp_path / "tiers.yaml", f"{good('a')}---\n{bad('b')}---\n{bad('c')}")
    result = check(file)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{file}: document 2: {TOO_MUCH}\n{file}: document 3: {TOO_MUCH}\n"


def test_one_bad_file_does_not_hide_that_others_can_be_used(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.yaml", bad("a")), written(tmp_path / "b.yaml", good("b"))
    result = check(first, second)

    assert result.exit_code == 2
    assert result.stderr == f"{first}: {TOO_MUCH}\n"
    assert result.stdout.startswith(f"{second}: b is valid: ")


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        pytest.param("", "is empty: write a policy, or remove the file", id="empty"),
        pytest.param(b"\xff", "byte 1 is not UTF-8: save the file as UTF-8", id="no UTF-8"),
        pytest.param(
            "a: [", "line 1, column 5: expected the node content, but found '<stream end>'", id="no YAML"
        ),
        pytest.param(
            "kind: ConfigMap",
            "kind: 'ConfigMap' is not read here: write BalloonPolicy, and keep other kinds elsewhere",
            id="another kind",
        ),
        pytest.param("x" * (256 * 1024 + 1), "is larger than 256 KiB: split it", id="too large"),
        pytest.param(
            f"{good('a')}---\n{good('a')}",
            "metadata.name: 'a' is given to two documents: rename one",
            id="a name twice in a file",
        ),
    ],
)
def test_what_an_agent_would_refuse_is_refused_in_its_words(
    content: str | bytes, mistake: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.yaml", content)
    result = check(file)

    assert result.exit_code == 2
    assert result.stderr == f"{file}: {mistake}\n"


def test_a_name_that_two_files_use_is_a_mistake_of_the_later_one(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.yaml", good()), written(tmp_path / "b.yaml", good())
    result = check(first, second)

    assert result.exit_code == 2
    assert result.stderr == f"{second}: metadata.name: 'web' is taken by {first}: rename one\n"
    assert str(second) not in result.stdout


def test_a_directory_stands_for_the_files_that_an_agent_would_read(tmp_path: Path) -> None:
    names = ("a.yaml", "b.yml", ".hidden.yaml", "notes.txt")
    for name in names:
        written(tmp_path / name, good(name[0] if name[0] != "." else "hidden"))
    result = check(tmp_path)

    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        str(tmp_path / name) for name in ("a.yaml", "b.yml")
    ]


def test_a_file_that_is_named_twice_is_judged_once(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", good())
    result = check(tmp_path, file, file)

    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)


def test_a_directory_without_policies_does_not_pass(tmp_path: Path) -> None:
    result = check(tmp_path)

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {tmp_path}: holds no policy file (*.yaml, *.yml): name the files or their directory\n"
    )


def test_standard_input_is_read_where_a_dash_is_written() -> None:
    assert check("-", stdin=good()).stdout.startswith("-: web is valid: ")
    assert check("-", stdin=bad()).stderr == f"-: {TOO_MUCH}\n"


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(good(), encoding="utf-8"))
    writer.start()
    result = check(pipe)
    writer.join(timeout=30)

    assert (result.exit_code, result.stdout.count("is valid")) == (0, 1)


def test_a_file_that_is_not_there_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    result = check(tmp_path / "none.yaml", written(tmp_path / "a.yaml", good()))

    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory\n"
    assert "web is valid" in result.stdout


def test_nothing_to_judge_is_wrong() -> None:
    assert check().exit_code == 2


def test_a_file_of_comments_is_no_mistake_and_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    file = written(tmp_path / "later.yaml", "# later\n")
    result = check(file)

    assert (result.exit_code, result.stdout) == (0, f"{file}: holds no policy, only comments\n")


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_quiet_says_only_what_must_be_mended(flag: str, tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", good())
    assert (check(flag, file).output, check(flag, file).exit_code) == ("", 0)

    written(file, bad())
    assert (check(flag, file).output, check(flag, file).exit_code) == (f"{file}: {TOO_MUCH}\n", 2)


def test_programs_read_the_judgement_as_json(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", good())
    other = written(tmp_path / "b.yaml", bad("b"))
    result = check("-o", "json", file, other)

    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "valid": False,
        "policies": [{"file": str(file), "name": "web", "mode": "Enforce", "priority": 0}],
        "mistakes": [{"file": str(other), "message": TOO_MUCH}],
    }


def test_the_name_of_a_file_is_harmless(tmp_path: Path) -> None:
    result = check(written(tmp_path / "a\x1b[2J.yaml", good()))

    assert r"a\x1b[2J.yaml: web is valid" in result.stdout
    assert "\x1b" not in result.output

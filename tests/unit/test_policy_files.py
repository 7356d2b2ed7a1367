"""Directories of policy files: what is in force while people and programs write them."""

import os
from pathlib import Path

import pytest

from ballonet.errors import ConfigError
from ballonet.manifests.policy_files import LARGEST_FILE, MOST_FILES, Loaded, PolicyDirectory, load

NOW = 1_000_000.0
LONG_AGO = NOW - 3600


def document(name: str, spec: str = "{}") -> str:
    head = "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\n"
    return f"---\n{head}metadata: {{name: {name}}}\nspec: {spec}\n"


def write(path: Path, text: str, *, changed: float = LONG_AGO) -> None:
    path.write_text(text)
    os.utime(path, (changed, changed))


def in_force(loaded: Loaded) -> dict[str, str]:
    """Return the policies in force with the file that each came from."""
    return {name: file for name, (file, _) in loaded.documents.items()}


def weight(loaded: Loaded, name: str) -> int:
    return loaded.documents[name][1].spec.memory.weight


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def test_files_of_both_endings_are_read_and_others_are_not(directory: Path) -> None:
    write(directory / "a.yaml", document("one") + document("two"))
    write(directory / "b.yml", document("three"))
    for name in ("c.yaml~", ".d.yaml", "..data", "e.txt", "README"):
        write(directory / name, document("not-me"))
    assert in_force(load(directory, now=NOW)) == {"one": "a.yaml", "two": "a.yaml", "three": "b.yml"}


def test_an_empty_directory_has_no_policies(directory: Path) -> None:
    assert load(directory, now=NOW) == Loaded()


def test_a_broken_file_is_refused_and_its_last_good_version_stays(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web", "{memory: {weight: 7}}"))
    write(directory / "db.yaml", document("db"))
    files.look(now=NOW)
    write(directory / "web.yaml", document("web", "{memory: {weight: 0}}"))
    broken = files.look(now=NOW)
    assert broken.refused == {
        "web.yaml": ("spec.memory.weight: 0 is below 1: write 1 or more, such as weight: 100",)
    }
    assert in_force(broken) == {"web": "web.yaml", "db": "db.yaml"}
    assert weight(broken, "web") == 7
    write(directory / "web.yaml", document("web", "{memory: {weight: 9}}"))
    mended = files.look(now=NOW)
    assert mended.refused == {}
    assert weight(mended, "web") == 9


def test_a_file_that_was_never_good_gives_nothing(directory: Path) -> None:
    write(directory / "web.yaml", "spec: [")
    loaded = load(directory, now=NOW)
    assert in_force(loaded) == {}
    assert list(loaded.refused) == ["web.yaml"]


def test_a_file_that_is_being_written_counts_when_two_looks_agree(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web", "{memory: {weight: 7}}"))
    files.look(now=NOW)
    whole = document("web", "{memory: {weight: 8}}") + document("api")
    write(directory / "web.yaml", whole[: len(whole) // 2 - 3], changed=NOW)
    half = files.look(now=NOW)
    assert (weight(half, "web"), half.refused) == (7, {})
    write(directory / "web.yaml", whole, changed=NOW + 0.1)
    assert weight(files.look(now=NOW + 0.2), "web") == 7
    later = files.look(now=NOW + 0.3)
    assert (weight(later, "web"), in_force(later)) == (8, {"api": "web.yaml", "web": "web.yaml"})


def test_a_file_that_was_left_alone_for_a_second_counts_at_once(directory: Path) -> None:
    files = PolicyDirectory(directory)
    files.look(now=NOW)
    write(directory / "web.yaml", document("web"), changed=NOW)
    assert in_force(files.look(now=NOW + 0.9)) == {}
    write(directory / "web.yaml", document("web") + "\n", changed=NOW)
    assert in_force(files.look(now=NOW + 1.0)) == {"web": "web.yaml"}


def test_a_clock_that_was_set_back_delays_a_change_by_one_look_only(directory: Path) -> None:
    files = PolicyDirectory(directory)
    files.look(now=NOW)
    write(directory / "web.yaml", document("web"), changed=NOW + 1e6)
    assert [in_force(files.look(now=NOW)) for _ in range(2)] == [{}, {"web": "web.yaml"}]


def test_a_change_counts_at_once_when_somebody_asks(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"), changed=NOW)
    assert in_force(files.look(now=NOW, at_once=True)) == {"web": "web.yaml"}


def test_a_file_that_an_editor_replaces_is_never_missed(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"))
    files.look(now=NOW)
    (directory / "web.yaml").rename(directory / "web.yaml~")
    between = files.look(now=NOW)
    assert in_force(between) == {"web": "web.yaml"}
    (directory / "web.yaml~").rename(directory / "web.yaml")
    assert in_force(files.look(now=NOW)) == {"web": "web.yaml"}


def test_a_removed_file_takes_its_policies_with_it(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"))
    files.look(now=NOW)
    (directory / "web.yaml").unlink()
    assert [in_force(files.look(now=NOW)) for _ in range(2)] == [{"web": "web.yaml"}, {}]


def test_a_broken_file_that_is_removed_is_not_refused_any_more(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", "spec: [")
    files.look(now=NOW)
    (directory / "web.yaml").unlink()
    files.look(now=NOW)
    assert files.look(now=NOW) == Loaded()


def test_a_truncated_file_does_not_take_its_policies_away(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"))
    files.look(now=NOW)
    write(directory / "web.yaml", "\n")
    empty = files.look(now=NOW)
    assert in_force(empty) == {"web": "web.yaml"}
    assert empty.refused == {"web.yaml": ("is empty: write a policy, or remove the file",)}


def test_a_file_of_comments_has_no_policies_on_purpose(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"))
    files.look(now=NOW)
    write(directory / "web.yaml", "# switched off\n")
    assert files.look(now=NOW) == Loaded()


def test_a_name_that_two_files_use_belongs_to_the_first_file(directory: Path) -> None:
    write(directory / "b.yaml", document("web", "{memory: {weight: 2}}") + document("db"))
    write(directory / "a.yaml", document("web", "{memory: {weight: 1}}"))
    loaded = load(directory, now=NOW)
    assert in_force(loaded) == {"web": "a.yaml", "db": "b.yaml"}
    assert weight(loaded, "web") == 1
    assert loaded.refused == {"b.yaml": ("metadata.name: 'web' is taken by a.yaml: rename one",)}


def test_a_config_map_that_is_swapped_is_followed(directory: Path) -> None:
    """Kubelet writes a new directory and renames a symbolic link onto the old one."""
    files = PolicyDirectory(directory)
    for version, given in (("..1", "7"), ("..2", "8")):
        (directory / version).mkdir()
        write(directory / version / "web.yaml", document("web", f"{{memory: {{weight: {given}}}}}"))
    (directory / "..data").symlink_to("..1")
    (directory / "web.yaml").symlink_to("..data/web.yaml")
    assert weight(files.look(now=NOW), "web") == 7
    (directory / "..new").symlink_to("..2")
    (directory / "..new").rename(directory / "..data")
    assert weight(files.look(now=NOW), "web") == 8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"#" * (LARGEST_FILE + 1), "is larger than 256 KiB: split it", id="too large"),
        pytest.param(b"# \xff", "byte 3 is not UTF-8: save the file as UTF-8", id="another encoding"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused(directory: Path, content: bytes, reason: str) -> None:
    (directory / "web.yaml").write_bytes(content)
    assert load(directory, now=NOW).refused == {"web.yaml": (reason,)}


def test_a_named_pipe_does_not_block(directory: Path) -> None:
    os.mkfifo(directory / "web.yaml")
    assert load(directory, now=NOW).refused == {"web.yaml": ("is no regular file: remove it",)}


def test_a_file_that_cannot_be_read_keeps_its_last_good_version(directory: Path) -> None:
    files = PolicyDirectory(directory)
    write(directory / "web.yaml", document("web"))
    files.look(now=NOW)
    (directory / "web.yaml").unlink()
    (directory / "web.yaml").symlink_to("nowhere")
    loaded = files.look(now=NOW)
    assert in_force(loaded) == {"web": "web.yaml"}
    assert loaded.refused == {"web.yaml": ("cannot be read: No such file or directory",)}


def test_a_file_name_that_is_no_text_can_still_be_named(directory: Path) -> None:
    Path(os.fsdecode(os.fsencode(directory) + b"/\xff.yaml")).write_text("spec: [")
    assert list(load(directory, now=NOW).refused) == ["\\xff.yaml"]


def test_a_directory_that_is_not_there_is_an_error_in_one_line(directory: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nowhere: the policies cannot be read: No such file or directory: name"
    ):
        load(directory / "nowhere", now=NOW)


def test_a_directory_of_too_many_files_is_an_error(directory: Path) -> None:
    for number in range(MOST_FILES + 1):
        (directory / f"{number}.yaml").touch()
    with pytest.raises(ConfigError, match="257 policy files are too many: keep at most 256"):
        load(directory, now=NOW)

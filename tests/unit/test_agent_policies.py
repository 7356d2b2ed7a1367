"""The agent's book of policies, and how it follows a directory."""

import os
import time
from pathlib import Path

import pytest

from ballonet.errors import ConfigError
from ballonet.policy import Policy, Selector
from ballonet_operator.book import Page, PolicyBook
from ballonet_operator.policy_watch import PolicyWatch

WEB = "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {name: web}\nspec: "


def write(path: Path, text: str) -> None:
    """Write a file that has been left alone for a minute."""
    path.write_text(text)
    then = time.time() - 60
    os.utime(path, (then, then))


@pytest.fixture
def watch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> PolicyWatch:
    caplog.set_level("INFO")
    write(tmp_path / "web.yaml", f"{WEB}{{}}\n")
    watch = PolicyWatch(tmp_path, PolicyBook())
    watch.read()
    return watch


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return messages


def names(page: Page) -> list[str]:
    return [policy.name for policy in page.policies_of("kvm-1")]


def test_a_change_is_followed_and_said_once(
    watch: PolicyWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert (names(watch.look()), said(caplog)) == (["web"], [])
    write(tmp_path / "db.yaml", f"{WEB}{{}}\n".replace("web", "db"))
    assert (sorted(names(watch.look())), said(caplog)) == (["db", "web"], ["policy in force"])
    (tmp_path / "db.yaml").unlink()
    assert [sorted(names(watch.look())) for _ in range(2)] == [["db", "web"], ["web"]]
    assert said(caplog) == ["policy removed"]
    write(tmp_path / "web.yaml", f"{WEB}{{priority: 5}}\n")
    assert [entry.policy.priority for entry in watch.look().entries.values()] == [5]
    assert said(caplog) == ["policy changed"]
    (tmp_path / "web.yaml").unlink()
    assert [names(watch.look()) for _ in range(3)] == [["web"], [], []]
    assert said(caplog) == ["policy removed"]


def test_a_refusal_names_what_goes_on_in_its_last_good_version(
    watch: PolicyWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    write(tmp_path / "web.yaml", f"{WEB}{{prio: 5}}\n")
    write(tmp_path / "new.yaml", "{}\n")
    watch.look()

    kept = {record.__dict__["file"]: record.__dict__.get("still_in_force") for record in caplog.records}
    assert kept == {"web.yaml": "web", "new.yaml": None}


def test_an_agent_that_starts_without_a_policy_says_that_it_will_do_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PolicyWatch(tmp_path, PolicyBook()).read()

    assert said(caplog) == ["no policy in force, no guest is moved"]


def test_a_refusal_is_said_once_per_reason_and_its_end_too(
    watch: PolicyWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said(caplog)
    write(tmp_path / "web.yaml", f"{WEB}{{memory: {{weight: 0}}, mode: Go}}\n")
    for _ in range(2):
        assert names(watch.look()) == ["web"]
    assert [(record.getMessage(), record.__dict__["file"]) for record in caplog.records] == [
        ("policy file refused", "web.yaml"),
        ("policy file refused", "web.yaml"),
    ]
    assert caplog.records[1].__dict__["error"].startswith("spec.memory.weight: 0 is below 1")
    said(caplog)
    write(tmp_path / "web.yaml", f"{WEB}{{}}\n# mended\n")
    watch.look()
    assert said(caplog) == ["policy file mended"]


def test_an_unreadable_directory_leaves_everything_in_force(
    watch: PolicyWatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said(caplog)
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    assert [names(watch.look()) for _ in range(3)] == [["web"]] * 3
    assert said(caplog) == ["policies unreadable, the last ones stay in force"]
    away.rename(tmp_path)
    assert names(watch.look()) == ["web"]


def test_a_signal_makes_a_fresh_change_count_at_once(watch: PolicyWatch, tmp_path: Path) -> None:
    (tmp_path / "db.yaml").write_text(f"{WEB}{{}}\n".replace("web", "db"))
    watch.hurry()
    assert sorted(names(watch.look())) == ["db", "web"]


def test_a_directory_that_is_missing_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the policies cannot be read: No such file or directory"):
        PolicyWatch(tmp_path / "missing", PolicyBook()).read()


def test_only_policies_of_this_host_are_in_force(watch: PolicyWatch, tmp_path: Path) -> None:
    write(tmp_path / "web.yaml", f"{WEB}{{hosts: {{names: ['kvm-*']}}}}\n")
    page = watch.look()
    assert [len(page.policies_of(name)) for name in ("kvm-1", "xen-1")] == [1, 0]
    (entry,) = page.entries.values()
    assert entry.policy == Policy(name="web", hosts=Selector(names=("kvm-*",)))
    assert entry.origin == "web.yaml"

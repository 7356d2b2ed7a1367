"""One demo from beginning to end: announce, set the stage, play, tell how it was, tidy up."""

import os
from pathlib import Path
from typing import Final

from ballonet.errors import BallonetError
from ballonet.machine import read_host
from ballonet.policy import Mode
from ballonet.quantity import format_size
from ballonet_cli.demo.ending import tidy_end
from ballonet_cli.demo.play import Play
from ballonet_cli.demo.policy import policy_text
from ballonet_cli.demo.screen import Screen
from ballonet_cli.demo.size import NAMES, Size, chosen, fitting
from ballonet_cli.demo.stage import Stage, set_stage
from ballonet_cli.demo.story import Story, Unmet
from ballonet_cli.demo.verdict import moments_table, remarks, waits_table
from ballonet_cli.tables import console, show

_ANNOUNCEMENT: Final = """\
Six real guests, {names}, of {maximum} each, are promised {promised} and share a budget of {budget}{why}.
Started on this machine: a libvirtd of its own, the guests{emulation}, ballonet-exporter and the agent, all in
{directory} and on loopback. It takes about three minutes, at most five. {ending}
"""


def run(*, guest_memory: int | None, mode: Mode, keep: bool) -> None:
    """Play the demo.

    Raises:
        Unmet: it did not work; the message is the one reason.
        ConfigError: this machine is too small.
        LabError: a part is missing.
    """
    size = _size(guest_memory)
    with tidy_end(), set_stage(size, keep=keep) as stage:
        story = Story(budget=size.budget)
        with Screen() as screen:
            _announce(screen, stage)
            _play(Play(stage=stage, screen=screen, story=story, policy=policy_text(size, mode)))
        _tell(story, size)
        if keep:
            _leave(stage)
        if reason := story.conclusion():
            raise Unmet(f"the demo did not work: {reason}")
        console().print("It worked.")


def _size(guest_memory: int | None) -> Size:
    available = read_host().available
    if guest_memory is not None:
        return chosen(guest_memory, available)
    return fitting(available, len(os.sched_getaffinity(0)))


def _announce(screen: Screen, stage: Stage) -> None:
    size = stage.size
    text = _ANNOUNCEMENT.format(
        names=", ".join(NAMES),
        maximum=format_size(size.maximum),
        promised=format_size(size.promised),
        budget=format_size(size.budget),
        why=f", smaller than the textbook's 8Gi because {size.why}" if size.why else "",
        emulation="" if stage.lab.kvm else " (emulated: KVM does not work here)",
        directory=stage.directory,
        ending="All of it stays at the end." if stage.keep else "Nothing stays at the end.",
    )
    screen.say(text.rstrip("\n"))


def _play(play: Play) -> None:
    """Play the acts; what goes wrong in them belongs to the story, which is told all the same."""
    play.screen.say("the guests boot")
    play.stage.boot()
    play.stage.start_exporter()
    play.screen.say(f"the guests are up; their metrics are at {play.stage.exporter.address}")
    try:
        play.perform()
    except BallonetError as error:
        play.story.failure = str(error)
    try:
        play.story.killed = play.stage.killed()
    except BallonetError as error:
        play.story.failure = play.story.failure or str(error)


def _tell(story: Story, size: Size) -> None:
    screen = console()
    for grid in (moments_table(story), waits_table(story)):
        screen.print()
        show(grid, screen)
    screen.print()
    for remark in remarks(story, size):
        screen.print(remark, soft_wrap=not screen.is_terminal)
    screen.print()


def _leave(stage: Stage) -> None:
    """Leave everything running and say how to look at it and how to end it."""
    stage.leave_running()
    words = [f"exporter   {stage.exporter.address}"]
    words += [f"agent      {stage.agent.address}"] if stage.agent else []
    words += [
        f"libvirt    ballonet --connect '{stage.lab.uri}' list",
        f"policy     {stage.policies}/demo.yaml: change it, and the agent follows",
        f"logs       {_logs(stage.directory)}",
        f"end it     ballonet demo --stop {stage.directory}",
    ]
    console().print("Left running:\n  " + "\n  ".join(words), soft_wrap=True)


def _logs(directory: Path) -> str:
    return f"{directory}/demo/*.log"

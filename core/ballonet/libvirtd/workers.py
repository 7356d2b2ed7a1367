"""Daemon threads for calls that may never return.

A libvirt call has no time limit of its own, so the hypervisor runs every one of them here and stops waiting
for it at its deadline. The thread of a call that hangs ends when the call returns; the others are reused.
The standard executor is of no use for this: the interpreter joins its threads when it exits, and so would
hang with them. Nothing here knows what it runs.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from ballonet.errors import DeadlineExceeded

# Threads kept for the next call, as many as one read needs at once, and how long an idle one waits for it.
_KEPT: Final = 5
_IDLE_SECONDS: Final = 30.0

T = TypeVar("T")
_Task = Callable[[], None]


class Workers:
    """Runs functions on daemon threads, as many at once as are asked for. Thread-safe."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._kept = _KEPT

    def start(self, function: Callable[[], T]) -> "Future[T]":
        """Run ``function`` on a thread and return at once; the future gets its result or its error."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def task() -> None:
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits, not swallowed.
                future.set_exception(error)

        with self._lock:
            reuse = self._idle > 0
            self._idle -= reuse
        if reuse:
            self._tasks.put(task)
        else:
            threading.Thread(target=self._work, args=(task,), name="ballonet-call", daemon=True).start()
        return future

    def stop(self) -> None:
        """Keep no idle threads any more; a call that runs ends its thread when it returns."""
        with self._lock:
            idle, self._idle, self._kept = self._idle, 0, 0
        for _ in range(idle):
            self._tasks.put(None)

    def _work(self, task: _Task | None) -> None:
        while task is not None:
            task()
            task = self._next()

    def _next(self) -> _Task | None:
        """Return the next task, or None when this thread is one too many."""
        with self._lock:
            if self._idle >= self._kept:
                return None
            self._idle += 1
        while True:
            try:
                return self._tasks.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    # Where none counts as idle, a task for this thread is on its way.
                    if self._idle > 0:
                        self._idle -= 1
                        return None


def result_by(future: "Future[T]", until: float, what: str) -> T:
    """Return the future's result, waiting until the monotonic moment ``until``.

    Raises:
        DeadlineExceeded: it is not there yet; the call runs on and nobody waits for it any more.
    """
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        if future.done():
            raise
        raise DeadlineExceeded(f"{what} did not return in time and was abandoned") from None

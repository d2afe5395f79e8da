"""Runners of this machine that are forked from a process that has imported their runtime.

Starting Python and importing numpy and a runtime takes longer than most of what a runner is asked.
Each has its own process as ever: what one does, and how it ends, is no other's matter. What
forks have in common is where their libraries lie in memory, which can favour one launch of
something by microseconds: `renew` has the next ones forked from processes that are new
(docs/decisions/0064-runners-are-forked.md).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from edgeopt import runtimes
from edgeopt.jobs.warm import ForkedChild, Nursery


class ForkedRunner(ForkedChild):
    """A runner: as `subprocess.Popen` with pipes, as far as `harness.client` needs that."""

    def __init__(self, place: str, log: Path, ended: Callable[[], None]) -> None:
        self._ended = ended
        theirs_in, mine_out = os.pipe()
        mine_in, theirs_out = os.pipe()
        self.stdin: IO[Any] = os.fdopen(mine_out, "wb", buffering=0)
        self.stdout: IO[Any] = os.fdopen(mine_in, "rb", buffering=0)
        try:
            super().__init__(place, (), log, (theirs_in, theirs_out))
        except BaseException:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def _end(self) -> None:
        super()._end()
        self._ended()


class _Source:
    """One process that forks, and how many runners of it there are."""

    def __init__(self, runtime: str) -> None:
        self._nursery = Nursery(runtime)
        self._runners, self._retired = 0, False
        self._turn = threading.Lock()

    def runner(self, log: Path) -> ForkedRunner | None:
        with self._turn:
            if self._retired or not self._nursery.alive:
                return None
            self._runners += 1
        try:
            return ForkedRunner(self._nursery.place, log, self._ended)
        except OSError:
            self._ended()
            return None

    def _ended(self) -> None:
        with self._turn:
            self._runners -= 1
            if self._retired and not self._runners:
                self._nursery.close()

    def retire(self) -> None:
        """It forks no more, and ends with its last runner."""
        with self._turn:
            self._retired = True
            if not self._runners:
                self._nursery.close()


class Forks:
    """The processes that fork runners, one for each runtime. Thread-safe."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._turn = threading.Lock()

    def begin(self, names: Iterable[str]) -> None:
        """Start importing these runtimes, side by side."""
        with self._turn:
            for name in names:
                if name not in self._sources and can_fork(name):
                    with contextlib.suppress(OSError):
                        self._sources[name] = _Source(name)

    def runner(self, runtime: str, log: Path) -> ForkedRunner | None:
        """A runner that has imported its runtime; None where it is to be started as ever."""
        self.begin([runtime])
        source = self._sources.get(runtime)
        return source.runner(log) if source else None

    def renew(self, names: Iterable[str] | None = None) -> None:
        """What is forked from now on is forked from new processes.

        Args:
            names: of these runtimes; None: of all.
        """
        with self._turn:
            gone = list(self._sources) if names is None else [*names]
            sources = [self._sources.pop(name) for name in gone if name in self._sources]
        for source in sources:
            source.retire()


def can_fork(runtime: str) -> bool:
    """Whether a runtime may be imported ahead: on Linux, and not where it drives a GPU."""
    if sys.platform != "linux" or runtime not in runtimes.RUNTIMES:
        return False
    spec = runtimes.spec(runtime)
    return not (spec.stand_in or spec.elsewhere)

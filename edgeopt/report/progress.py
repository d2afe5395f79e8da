"""Progress for people: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Any, TextIO

from edgeopt.domain.progress import Doing
from edgeopt.domain.visible import visible
from edgeopt.report import format as fmt
from edgeopt.report.pace import Pace

PLAIN_EVERY_S = 10.0
#: Columns of the bar, on a terminal that is narrower than `NARROW` and on others.
BARS, NARROW = (10, 20), 100
#: What stands beside the description and the time left: spinner, "0:00:12", spaces.
BESIDE, LEAST = 1 + 7 + 5, 12


class Progress:
    """A `Listener`. A context manager: the live line is gone when it ends.

    Attributes:
        last: what it was told last, "" at first.
    """

    def __init__(self, stream: TextIO, time_s: float | None = None) -> None:
        """`time_s`: seconds that the call may take; None: as many as it needs."""
        self._stream = stream
        self.last = ""
        self._live: Any = None
        self._task: Any = None
        self._said: dict[str, float] = {}
        self._began = time.monotonic()
        self._pace = Pace()
        self._time_s = time_s

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            self._live = self._bar()
            self._live.start()
            self._task = self._live.add_task("", total=None, left="")
        return self

    def _bar(self) -> Any:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        from edgeopt.report.shown import Console

        console = Console(file=self._stream)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=_bar_width(console.width)),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
        )
        return Bar(*columns, console=console, transient=True)

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        self.last = what
        left = self._pace.left(what, done, total, time.monotonic())
        over = self._until_over()
        if self._live is not None:
            told = ", ".join(filter(None, (left, over)))
            self._live.update(
                self._task,
                description=fitting(visible(what), told, self._live.console.width),
                completed=done,
                total=total or None,
                left=told,
            )
        else:
            self._plain(what, done, total, left, over)

    def _until_over(self) -> str:
        """ "12 min 04 s of 20 min 00 s left", "" where there is no limit."""
        if self._time_s is None:
            return ""
        left_s = max(0.0, self._time_s - (time.monotonic() - self._began))
        return f"{fmt.duration(left_s)} of {fmt.duration(self._time_s)} left"

    def _plain(self, what: str, done: int, total: int, left: str, over: str) -> None:
        """A line for each new thing, and now and then for one that takes long."""
        stem = what.task if isinstance(what, Doing) and what.repeats else what
        now = time.monotonic()
        if now - self._said.get(stem, -PLAIN_EVERY_S) < PLAIN_EVERY_S:
            return  # devices take turns here: each thing has a clock of its own
        self._said[stem] = now
        count = f" [{done}/{total}{f', {left}' if left else ''}]" if total else ""
        since = fmt.elapsed(now - self._began)
        until = f" ({over})" if over else ""
        print(f"{since}  {visible(what)}{count}{until}", file=self._stream, flush=True)


def fitting(what: str, left: str, width: int) -> str:
    """What is done, cut where the time that is left would have no room beside it."""
    room = max(LEAST, width - _bar_width(width) - BESIDE - len(left))
    return what if len(what) <= room else f"{what[: room - 1].rstrip()}…"


def _bar_width(width: int) -> int:
    return BARS[width >= NARROW]

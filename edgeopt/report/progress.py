"""Progress for people: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Any, TextIO

from edgeopt.domain.progress import Doing
from edgeopt.domain.visible import visible
from edgeopt.report import format as fmt

PLAIN_EVERY_S = 10.0


class Progress:
    """A `Listener`. A context manager: the live line is gone when it ends.

    Attributes:
        last: what it was told last, "" at first.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.last = ""
        self._live: Any = None
        self._task: Any = None
        self._said: dict[str, float] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            self._live = self._bar()
            self._live.start()
            self._task = self._live.add_task("", total=None)
        return self

    def _bar(self) -> Any:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        from edgeopt.report.shown import Console

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
        )
        return Bar(*columns, console=Console(file=self._stream), transient=True)

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        self.last = what
        if self._live is not None:
            self._live.update(
                self._task, description=visible(what), completed=done, total=total or None
            )
        else:
            self._plain(what, done, total)

    def _plain(self, what: str, done: int, total: int) -> None:
        """A line for each new thing, and now and then for one that takes long."""
        stem = what.task if isinstance(what, Doing) and what.repeats else what
        now = time.monotonic()
        if now - self._said.get(stem, -PLAIN_EVERY_S) < PLAIN_EVERY_S:
            return  # devices take turns here: each thing has a clock of its own
        self._said[stem] = now
        count = f" [{done}/{total}]" if total else ""
        since = fmt.elapsed(now - self._began)
        print(f"{since}  {visible(what)}{count}", file=self._stream, flush=True)

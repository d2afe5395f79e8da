"""What a run writes down and tells while it goes on, by whichever thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from edgeopt.domain.progress import Listener
from edgeopt.domain.record import Record
from edgeopt.store.journal import Journal


class Stopped(Exception):
    """The run has ended while a device was still at work."""


class Recorder:
    """Records go to the journal, and progress to the listener, until the run ends.

    Args:
        stop: set by `stop`; ends what is being made in children.
    """

    def __init__(self, journal: Journal, listener: Listener, stop: threading.Event) -> None:
        self._journal, self._listener, self._stop = journal, listener, stop
        self._writing = threading.Lock()
        self._stopped = False

    def keep(self, records: Iterable[Record]) -> list[Record]:
        """Append records to the journal, and return them.

        Raises:
            Stopped: the run has ended.
        """
        written = []
        for record in records:
            with self._writing:
                if self._stopped:
                    raise Stopped
                self._journal.append(record)
            written.append(record)
        return written

    def tell(self, what: str, done: int = 0, total: int = 0) -> None:
        """Tell the progress.

        Raises:
            Stopped: the run has ended.
        """
        if self._stopped:
            raise Stopped
        self._listener(what, done, total)

    def stop(self) -> None:
        """Nothing more is written down: what fails from now on fails because of the end."""
        with self._writing:
            self._stopped = True
        self._stop.set()

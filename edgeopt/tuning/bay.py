"""A place of a worker where one trial after the other is done, by a thread that lives on.

Linux ends a process with the thread that started it; threads of Dask's come and go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from edgeopt.domain.progress import silent
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.user_side import UserSide
from edgeopt.tuning.workbench import Workbench, opened

Made = TypeVar("Made")


class Bay:
    """See the module's head. What it opens, its own thread closes."""

    def __init__(self, lock: HostLock) -> None:
        self.lock = lock
        self.user: UserSide | None = None
        self._benches: dict[tuple[str, ...], Workbench] = {}
        self._stack = contextlib.ExitStack()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edgeopt-bay")

    def do(self, work: Callable[[], Made]) -> Future[Made]:
        """Have it done by this bay's thread."""
        return self._thread.submit(work)

    def bench(self, asked: Asked, key: tuple[str, ...] = ()) -> Workbench:
        """The workbench of a question, opened once. By this bay's thread."""
        if key not in self._benches:
            self._benches[key] = self._stack.enter_context(opened(asked, silent, self.lock))
        return self._benches[key]

    def users(self, call: TuneCall, log: Path) -> UserSide:
        """The process of the user's functions. By this bay's thread."""
        if self.user is None:
            self.user = self._stack.enter_context(
                UserSide(call.build, call.train, log, call.trial_timeout_s)
            )
        return self.user

    def close(self) -> None:
        """End what it keeps alive."""
        self._thread.submit(self._stack.close)
        self._thread.shutdown(wait=False)

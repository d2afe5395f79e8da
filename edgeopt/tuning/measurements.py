"""Measurements that trials wait for: sent to whoever owns the device, sent anew, given up."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeopt.jobs.child import first_line
from edgeopt.pipeline.placement import Placement
from edgeopt.tuning import worker_tasks
from edgeopt.tuning.elsewhere import RESOURCE
from edgeopt.tuning.open_trial import ATTEMPTS, Asked, Open

DEVICE_S = 60.0
"""So long a device that nobody owns any more is waited for."""

Inbox = queue.SimpleQueue[tuple[str, Any, Any]]
"""What the call's one thread reads: a kind, and what comes with it."""


@dataclass
class Measurements:
    """See the module's head; of one connection.

    Attributes:
        client: Dask's. kit: a future of it. inbox: is told when one has ended.
    """

    client: Any
    kit: Any
    placements: Mapping[str, Placement]
    inbox: Inbox

    def begin(self, one: Open, message: dict[str, Any]) -> None:
        """A trial asks for times."""
        one.measured = Asked(message, self.placements[message["target"]].name)
        self._send(one, one.measured)

    def _send(self, one: Open, asked: Asked) -> None:
        asked.tries += 1
        message, number = asked.message, one.trial.number
        asked.future = self.client.submit(
            worker_tasks.measure, self.kit, asked.device, message["target"], message["model"],
            message["files"], message["recipes"], pure=False, priority=10,
            resources={f"{RESOURCE}{asked.device}": 1},
        )  # fmt: skip
        asked.future.add_done_callback(lambda future: self.inbox.put(("measured", number, future)))

    def ended(self, one: Open | None, future: Any) -> None:
        """One has ended: with times, or it is begun anew, or the trial is told that it is lost."""
        if one is None or one.measured is None or one.measured.future is not future:
            return
        found = _result(future)
        if "failed" in found and found.get("again", True) and one.measured.tries < ATTEMPTS:
            self._send(one, one.measured)
            return
        if "failed" in found:
            found = {"lost": found["failed"], "hint": found.get("hint", "")}
        _tell(one, found)

    def watch(self, trials: Iterable[Open], owned: set[str]) -> None:
        """What waits for a device that nobody owns any more is told so after a while."""
        now = time.monotonic()
        for one in trials:
            asked = one.measured
            if asked is None:
                continue
            if asked.device in owned:
                asked.unowned_since = None
            elif asked.unowned_since is None:
                asked.unowned_since = now
            elif now - asked.unowned_since > DEVICE_S:
                asked.future.cancel()
                _tell(one, {"lost": f"the device {asked.device} left: no worker owns it any more"})


def _tell(one: Open, found: dict[str, Any]) -> None:
    one.measured = None
    one.answers.put(found)


def _result(future: Any) -> dict[str, Any]:
    """What came of a measurement."""
    if future.status == "finished":
        found: dict[str, Any] = future.result()
        return found
    if future.status == "cancelled":
        return {"failed": "it was cancelled by the scheduler"}
    return {"failed": f"its worker could not do it: {first_line(future.exception())}"}

"""Who did what of a study: one worker's part in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgeopt.domain.model import Value

if TYPE_CHECKING:
    from edgeopt.domain.study import TrialRecord

ITS_OWN = ("user", "before-training", "judge")
"""Steps whose time a trial spends on its worker."""


class WorkerShare(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        worker: its name.
        trials: that it ended. trained: networks that it trained.
        measured: trials that it measured for, one for each target of a device that it owns.
        lost: trials that it began, and that were begun anew since it was lost.
        seconds: in the user's functions, converting and scoring, of the trials that it ended.
    """

    worker: str
    trials: int = 0
    trained: int = 0
    measured: int = 0
    lost: int = 0
    seconds: float = 0.0


def shares(trials: Iterable[TrialRecord]) -> tuple[WorkerShare, ...]:
    """Of all workers that had a part in these trials, by their names; () without a scheduler."""
    known = list(trials)
    names = {
        name
        for one in known
        for name in (one.worker, one.trained_by, *one.lost_by, *one.measured_by.values())
        if name
    }
    return tuple(_share(name, known) for name in sorted(names))


def _share(name: str, trials: list[TrialRecord]) -> WorkerShare:
    ended = [one for one in trials if one.worker == name]
    spent = math.fsum(one.seconds.get(step, 0.0) for one in ended for step in ITS_OWN)
    return WorkerShare(
        worker=name,
        trials=len(ended),
        trained=sum(one.trained_by == name for one in trials),
        measured=sum(list(one.measured_by.values()).count(name) for one in trials),
        lost=sum(one.lost_by.count(name) for one in trials),
        seconds=round(spent, 1),
    )

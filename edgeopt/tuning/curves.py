"""Which trainings are stopped by their curves: Optuna's pruners, for any number of objectives.

Optuna prunes where there is one objective. So the curves are a study of their own, in memory, with
the curve's value as its one objective; it is made anew from the trials' records.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgeopt.compress.events import written
from edgeopt.domain.errors import BadInput
from edgeopt.domain.study import Point, TrialRecord

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner
    from optuna.study import Study

#: Name -> Optuna's class, and its settings. Median: trials below the median of the others' at the
#: same step, after four trials and not before its second report.
PRUNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("NopPruner", {}),
    "median": ("MedianPruner", {"n_startup_trials": 4, "n_warmup_steps": 1}),
    "successive-halving": ("SuccessiveHalvingPruner", {}),
    "hyperband": ("HyperbandPruner", {}),
}


def known(name: str) -> str:
    """The name as it is kept. Raises BadInput: there is no such pruner."""
    found = {"asha": "successive-halving", "halving": "successive-halving"}.get(name, name)
    if found not in PRUNERS:
        raise BadInput(f"there is no pruner {name!r}.", f"Known: {', '.join(PRUNERS)}.")
    return found


class Training(Protocol):
    """The curve of one training, while it goes."""

    def report(self, step: int, score: float) -> bool:
        """Take in a point; whether the training is stopped."""
        ...

    def end(self, pruned: bool) -> tuple[Point, ...]:
        """The training has ended: its curve."""
        ...


class Curve:
    """A training's curve among those of the study.

    Args:
        study: of the curves. sign: of the score in what is minimized.
        trial: of the search: it is told, too, where the search has one objective.
        events: a folder for TensorBoard; None: nothing is written.
    """

    def __init__(
        self, study: Study, sign: int, trial: Trial | None, events: Path | None = None
    ) -> None:
        self._study, self._sign, self._events = study, sign, events
        self._writing = contextlib.ExitStack()
        self._write: Callable[[int, dict[str, float]], None] | None = None
        self._told = trial if trial and len(trial.study.directions) == 1 else None
        self._trial: Trial | None = None
        self._points: list[Point] = []

    def report(self, step: int, score: float) -> bool:
        """See `Training.report`."""
        if self._trial is None:
            self._trial = self._study.ask()
        self._points.append(Point(step=step, score=score))
        if self._events is not None:
            self._write = self._write or self._writing.enter_context(written(self._events))
            self._write(step, {"score": score})
        with warnings.catch_warnings():  # of a step that was reported before: the first one stays
            warnings.simplefilter("ignore", UserWarning)
            if self._told is not None:
                self._told.report(self._sign * score, step)
            self._trial.report(score, step)
        return bool(self._trial.should_prune())

    def end(self, pruned: bool) -> tuple[Point, ...]:
        """See `Training.end`."""
        import optuna

        if self._trial is not None:
            if pruned:
                self._study.tell(self._trial, state=optuna.trial.TrialState.PRUNED)
            else:
                self._study.tell(self._trial, self._points[-1].score)
        self._trial = None
        self._writing.close()
        return tuple(self._points)


class Curves:
    """See the module's head.

    Args:
        name: of the study: Hyperband draws brackets by it.
        lower_is_better: of what is reported.
    """

    def __init__(self, pruner: str, name: str, lower_is_better: bool = False) -> None:
        import optuna

        kind, settings = PRUNERS[known(pruner)]
        made: BasePruner = getattr(optuna.pruners, kind)(**settings)
        directions = optuna.study.StudyDirection
        direction = directions.MINIMIZE if lower_is_better else directions.MAXIMIZE
        self._sign = 1 if lower_is_better else -1
        self._study = optuna.create_study(
            study_name=f"{name} curves",
            direction=direction,
            pruner=made,
            sampler=optuna.samplers.RandomSampler(seed=0),
        )

    def known(self, trials: Iterable[TrialRecord]) -> None:
        """Take in the curves of trials that have ended."""
        import optuna

        for one in trials:
            if not one.curve:
                continue
            pruned = one.state == "pruned"
            state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
            self._study.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    value=one.curve[-1].score,
                    intermediate_values={point.step: point.score for point in one.curve},
                )
            )

    def begin(self, trial: Trial | None = None, events: Path | None = None) -> Curve:
        """A training begins; `trial` and `events` as of `Curve`."""
        return Curve(self._study, self._sign, trial, events)

"""Every combination once, also of a space that shows itself only while it is built."""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput

BUILT = "edgeopt:built"
"""Attribute of a trial in the storage whose network is built: it asks for no further value."""

BARREN = 5
"""So many trials in a row that fail before they ask for anything: nothing more is tried."""

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

    Key = tuple[tuple[str, str], ...]


def grid(seed: int) -> BaseSampler:
    """Optuna's exhaustive sampler; what is left of it tells `is_anything_left`."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import BruteForceSampler

    class Grid(BruteForceSampler):
        def sample_independent(
            self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
        ) -> Any:
            """Raises ValueError: a range of floats without a step has no end."""
            if getattr(param_distribution, "step", 1) is None:
                raise ValueError(
                    f"a grid needs a step for {param_name!r}: "
                    f"suggest_float({param_name!r}, low, high, step=...)"
                )
            return super().sample_independent(study, trial, param_name, param_distribution)

        def after_trial(
            self,
            study: Study,
            trial: FrozenTrial,
            state: TrialState,
            values: Sequence[float] | None,
        ) -> None:
            """Optuna's says that nothing is left while a branch is open that is only begun."""

        @staticmethod
        def _populate_tree(tree: Any, trials: list[FrozenTrial], params: dict[str, Any]) -> None:
            """Without what Optuna's refuses: trials that ended where others ask for more."""
            asking = None if tree.children is None else params
            known = [_stepped(one) for one in _grown(trials, asking)]
            try:
                BruteForceSampler._populate_tree(tree, known, params)
            except ValueError as error:
                raise BadInput(
                    f"a grid cannot go on with the trials that there are: {error}",
                    "Give the --sampler and the ranges of before, or another --out.",
                ) from error

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return Grid(seed=seed)


def is_anything_left(study: Study, under_way: int = 1, since: int = 0) -> bool:
    """Whether a grid has a combination that no trial has, nor is any other's under way.

    Of another sampler always. While one of those under way is still being built nothing is known:
    then False.

    Args:
        under_way: trials of this call; others that have begun may never end.
        since: the number of this call's first trial: what failed before may work now.
    """
    from optuna.samplers import BruteForceSampler
    from optuna.samplers._brute_force import _TreeNode
    from optuna.trial import TrialState

    if not isinstance(study.sampler, BruteForceSampler):
        return True
    trials = study.get_trials(deepcopy=False)
    running = [one for one in trials if one.state == TrialState.RUNNING]
    if under_way and not all(BUILT in one.user_attrs for one in running):
        return False
    if _is_barren([one for one in trials if one.number >= since]):
        return False
    tree = _TreeNode()
    with_questions = [one for one in trials if not _is_mute(one)]
    study.sampler._populate_tree(tree, with_questions, {})
    return bool(tree.is_any_expandable(exclude_running=True))


def _is_mute(trial: FrozenTrial) -> bool:
    """Whether it asked for nothing: it has just begun, or failed before its first question."""
    from optuna.trial import TrialState

    return not trial.params and trial.state in (TrialState.RUNNING, TrialState.FAIL)


def _is_barren(trials: Sequence[FrozenTrial]) -> bool:
    ended = (one for one in reversed(trials) if one.state.is_finished())
    return len(list(itertools.takewhile(_is_mute, ended))) >= BARREN


def _grown(trials: list[FrozenTrial], asking: Mapping[str, Any] | None) -> list[FrozenTrial]:
    """Without those that ended where another goes on, or the one that asks now.

    A build that failed between two questions, or a worker that was lost there, says nothing of the
    combinations beyond. Where none goes on, the trial is a combination by itself.
    """
    inner = {key[:end] for one in trials for key in [_key(one.params)] for end in range(len(key))}
    if asking is not None:
        inner.add(_key(asking))
    return [one for one in trials if not (one.state.is_finished() and _key(one.params) in inner)]


def _stepped(trial: FrozenTrial) -> FrozenTrial:
    """With a step where a range of floats is one value: Optuna draws that without asking."""
    from optuna.distributions import FloatDistribution

    def of(found: Any) -> Any:
        alone = isinstance(found, FloatDistribution) and found.step is None and found.single()
        return FloatDistribution(found.low, found.high, step=1.0) if alone else found

    changed = copy.copy(trial)
    changed.distributions = {name: of(one) for name, one in trial.distributions.items()}
    return changed


def _key(params: Mapping[str, Any]) -> Key:
    return tuple((name, repr(value)) for name, value in params.items())

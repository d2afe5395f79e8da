"""A Gaussian process that learns from networks that broke a limit and were not trained.

Such a trial has no score, and Optuna's process reads trials with scores alone: it would ask for the
same network again and again. Here it sees how far that one is beyond the limit, with the mean of
the other scores in place of its own, which speaks for and against nothing.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial


def gp(seed: int) -> BaseSampler:
    """Optuna's sampler; see the module's head."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import GPSampler

    class Process(GPSampler):
        def _sample_relative_impl(
            self,
            study: Study,
            completed_trials: list[FrozenTrial],
            running_trials: list[FrozenTrial],
            search_space: dict[str, BaseDistribution],
        ) -> dict[str, Any]:
            known = [*completed_trials, *_untrained(study, completed_trials, search_space)]
            return super()._sample_relative_impl(
                study, _limited_alike(known), running_trials, search_space
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return Process(seed=seed)


def _untrained(
    study: Study, complete: Sequence[FrozenTrial], space: dict[str, BaseDistribution]
) -> list[FrozenTrial]:
    """Copies, with values, of those that were beyond a limit."""
    from optuna.trial import TrialState

    columns = zip(*(one.values for one in complete), strict=True)
    means = [sum(column) / len(complete) for column in columns]
    found = []
    for one in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)):
        beyond = any(excess > 0 for excess in one.constraints.values())
        if beyond and space.keys() <= one.params.keys():
            found.append(copy.copy(one))
            found[-1].values = means
    return found


def _limited_alike(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Those with all limits' figures: one whose device left in mid-trial has fewer of them."""
    most = max(len(one.constraints) for one in trials)
    return [one for one in trials if len(one.constraints) == most]

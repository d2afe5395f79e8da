"""The default sampler: which of Optuna's is asked follows from the space and from what was tried.

The rule is that of AutoSampler, as Optuna's authors publish it (optunahub-registry,
package/samplers/auto_sampler; "AutoSampler: Automatic Selection of Optimization Algorithms in
Optuna", 2024), written anew since loading it needs a network:

- the first trial is random;
- one objective: TPE where a parameter is a choice between words or is not in every trial; else a
  Gaussian process for 250 trials, then CMA-ES, or TPE where there are limits;
- several: TPE where a parameter is a choice or not in every trial, or there are four objectives;
  else a Gaussian process for 250 trials; then NSGA-II, from four objectives on NSGA-III.

A sampler that takes over begins with what was found before it: CMA-ES with the trials of the
Gaussian process, an evolution with all trials until then as its first generation.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import NotInstalled
from edgeopt.tuning import samplers

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

MOST_TRIALS_OF_MODELS = 250
MANY_OBJECTIVES = 4


def rule(
    space: dict[str, BaseDistribution],
    *,
    conditional: bool,
    complete: int,
    objectives: int,
    limits: bool,
) -> str:
    """The name of the sampler that is asked next.

    Args:
        space: the parameters that all trials had. conditional: some trials had others.
        complete: trials that ended well. limits: some trial told a constraint.
    """
    from optuna.distributions import CategoricalDistribution

    if complete == 0:
        return "random"
    if conditional or any(isinstance(one, CategoricalDistribution) for one in space.values()):
        few = complete < MOST_TRIALS_OF_MODELS or objectives == 1 or conditional
        return "tpe" if few else _evolution(objectives)
    if complete < MOST_TRIALS_OF_MODELS:
        return "tpe" if objectives >= MANY_OBJECTIVES else "gp"
    if objectives > 1:
        return _evolution(objectives)
    return "tpe" if limits else "cma-es"


def _evolution(objectives: int) -> str:
    return "nsga-ii" if objectives < MANY_OBJECTIVES else "nsga-iii"


def asked_next(study: Study) -> str:
    """The name of the sampler that the rule takes for a study."""
    from optuna.search_space import IntersectionSearchSpace
    from optuna.trial import TrialState

    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return rule(
        IntersectionSearchSpace().calculate(study),
        conditional=len({frozenset(trial.params) for trial in ended}) > 1,
        complete=sum(trial.state == TrialState.COMPLETE for trial in ended),
        objectives=len(study.directions),
        limits=any(trial.constraints for trial in ended),
    )


def _made(name: str, seed: int, study: Study) -> BaseSampler:
    """A sampler that begins with what the study has; where its package is missing, TPE."""
    try:
        if name == "cma-es":
            return samplers.cma_es(seed, _of_one_space(study)[:MOST_TRIALS_OF_MODELS])
        return samplers.make(name, seed, study.directions)
    except NotInstalled:
        return samplers.make("tpe", seed, study.directions)


def _of_one_space(study: Study) -> list[FrozenTrial]:
    """Complete trials that lie in the space as it is now, in the order in which they were drawn.

    Without the parameters that have a single value: CMA-ES leaves them out of its space, and takes
    no trial that has more than it.
    """
    from optuna.search_space import IntersectionSearchSpace
    from optuna.trial import TrialState

    space = IntersectionSearchSpace().calculate(study)
    varied = {name: kind for name, kind in space.items() if not kind.single()}
    if not varied:
        return []
    return [
        _narrowed(one, varied)
        for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if one.params.keys() == space.keys()
        and all(
            kind._contains(kind.to_internal_repr(one.params[name])) for name, kind in space.items()
        )
    ]


def _narrowed(trial: FrozenTrial, names: Collection[str]) -> FrozenTrial:
    """A copy of a trial with these parameters alone."""
    found = copy.copy(trial)
    found.params = {name: trial.params[name] for name in names}
    found.distributions = {name: trial.distributions[name] for name in names}
    return found


def _generation_key(objectives: int) -> str:
    """Where the evolution of so many objectives looks for a trial's generation."""
    from optuna.samplers import NSGAIIISampler, NSGAIISampler

    kind = NSGAIISampler if objectives < MANY_OBJECTIVES else NSGAIIISampler
    return kind._get_generation_key()


def auto(seed: int) -> BaseSampler:
    """The sampler of the module's head."""
    from optuna.samplers import BaseSampler

    class Auto(BaseSampler):
        def __init__(self) -> None:
            self._name, self._draws = "random", 0
            self._sampler = samplers.make("random", seed, ())

        def reseed_rng(self) -> None:
            self._sampler.reseed_rng()

        def before_trial(self, study: Study, trial: FrozenTrial) -> None:
            name = asked_next(study)
            if name != self._name:
                self._name, self._draws = name, self._draws + 1
                self._sampler = _made(name, seed + self._draws, study)
            self._sampler.before_trial(study, trial)

        def infer_relative_search_space(
            self, study: Study, trial: FrozenTrial
        ) -> dict[str, BaseDistribution]:
            return self._sampler.infer_relative_search_space(study, trial)

        def sample_relative(
            self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
        ) -> dict[str, Any]:
            many = len(study.directions)
            if many > 1 and self._name not in ("nsga-ii", "nsga-iii"):
                study._storage.set_trial_system_attr(trial._trial_id, _generation_key(many), 0)
            return self._sampler.sample_relative(study, trial, search_space)

        def sample_independent(
            self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
        ) -> Any:
            return self._sampler.sample_independent(study, trial, name, distribution)

        def after_trial(
            self,
            study: Study,
            trial: FrozenTrial,
            state: TrialState,
            values: Sequence[float] | None,
        ) -> None:
            self._sampler.after_trial(study, trial, state, values)

    return Auto()

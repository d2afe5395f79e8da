"""Samplers by name, and the default that is chosen by the space."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput, NotInstalled

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

AUTO = "auto"

#: As other tools and papers write them.
_OTHERWISE = {
    "default": AUTO, "bayesian": "tpe", "gaussian-process": "gp", "nsga2": "nsga-ii",
    "nsga3": "nsga-iii", "nsgaii": "nsga-ii", "nsgaiii": "nsga-iii", "cmaes": "cma-es",
    "brute-force": "grid",
}  # fmt: skip


def _tpe(seed: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed, multivariate=True)


def _gp(seed: int) -> BaseSampler:
    from edgeopt.tuning.gp_sampler import gp

    return gp(seed)


def cma_es(seed: int, begin_with: Sequence[FrozenTrial] = ()) -> BaseSampler:
    """CMA-ES; `begin_with`: trials of another sampler that say where it begins.

    Raises:
        NotInstalled: its package is not there.
    """
    import optuna
    from optuna.samplers import CmaEsSampler

    try:
        import cmaes  # noqa: F401
    except ImportError:
        raise NotInstalled(
            "the sampler cma-es needs the package cmaes.", "pip install cmaes"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return CmaEsSampler(seed=seed, source_trials=list(begin_with) or None)


def _of_optuna(name: str) -> Callable[[int], BaseSampler]:
    def made(seed: int) -> BaseSampler:
        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler: BaseSampler = getattr(optuna.samplers, name)(seed=seed)
        return sampler

    return made


def _auto(seed: int) -> BaseSampler:
    from edgeopt.tuning.auto_sampler import auto

    return auto(seed)


def _grid(seed: int) -> BaseSampler:
    from edgeopt.tuning.grid_sampler import grid

    return grid(seed)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    AUTO: _auto,
    "random": _of_optuna("RandomSampler"),
    "grid": _grid,
    "tpe": _tpe,
    "gp": _gp,
    "nsga-ii": _of_optuna("NSGAIISampler"),
    "nsga-iii": _of_optuna("NSGAIIISampler"),
    "cma-es": cma_es,
}


def known(name: str) -> str:
    """The name as it is kept.

    Raises:
        BadInput: there is no such sampler.
    """
    found = _OTHERWISE.get(name.lower(), name.lower())
    if found not in SAMPLERS:
        raise BadInput(f"there is no sampler {name!r}.", f"Known: {', '.join(SAMPLERS)}.")
    return found


def make(name: str, seed: int, objectives: Sequence[Any]) -> BaseSampler:
    """A sampler by its name.

    Raises:
        BadInput: there is none, or it searches one objective and there are several.
        NotInstalled: cma-es without the package cmaes.
    """
    name = known(name)
    if name == "cma-es" and len(objectives) > 1:
        raise BadInput(
            f"the sampler cma-es searches one objective, and there are {len(objectives)}.",
            "Say --objective score, with --max-latency as a limit; or take another sampler.",
        )
    return SAMPLERS[name](seed)


class Sampling:
    """How long a sampler thinks: its methods, timed.

    Attributes:
        spent_s: in it so far.
    """

    def __init__(self, sampler: BaseSampler) -> None:
        self.spent_s = 0.0
        self._within = False
        for name in (
            "infer_relative_search_space", "sample_relative", "sample_independent",
            "before_trial", "after_trial",
        ):  # fmt: skip
            setattr(sampler, name, self._timed(getattr(sampler, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            if self._within:
                return method(*args, **named)
            began, self._within = time.monotonic(), True
            try:
                return method(*args, **named)
            finally:
                self._within = False
                self.spent_s += time.monotonic() - began

        return timed

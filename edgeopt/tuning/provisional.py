"""Answers to what a trial is going to ask, which are its parameters only when it has asked.

Optuna's `suggest` draws a value and registers it, in the trial and in the storage, where other
trials' draws depend on it. Here a copy of the trial is asked, and nothing is registered; an
answer that the build used is, later, by `suggest` itself, as Optuna takes a value that somebody
enqueued. Whatever the build asks otherwise is asked of the trial, which knows nothing of this.

A sampler that writes when it is asked for one value is not asked ahead. What it draws for several
parameters at once (`sample_relative`) is drawn once for each trial, whichever of them it asks.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.tuning import suggestion
from edgeopt.tuning.foreseen import Told
from edgeopt.tuning.ledger import Ledger

if TYPE_CHECKING:
    from optuna import Trial


class _Registers(Exception):
    """A sampler writes something while it is asked."""


class _Unwritten:
    """A ledger that is read, and refuses what is written."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def set_trial_param(self, trial_id: int, name: str, value: float, distribution: Any) -> None:
        """Only what would be refused is."""
        self._ledger.require_range(name, distribution)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("set_", "create_", "delete_")):
            raise _Registers(name)
        return getattr(self._ledger, name)


def answers(trial: Trial, ledger: Ledger, foreseen: Callable[[Sequence[Told]], str]) -> list[Told]:
    """What a trial that was told nothing is going to ask, with the sampler's answers.

    Args:
        foreseen: the question that follows some answers, `Foreseen.next`.
    """
    answered: list[Told] = []
    try:
        while question := foreseen(answered):
            if not answered:
                trial.relative_params  # noqa: B018 (drawn now, and kept by the trial)
                silent = _copied(trial, ledger)
            answered.append((question, suggestion.put(silent, json.loads(question))))
    except (ValueError, _Registers):  # told to whoever asks it
        pass
    return answered


def register(trial: Trial, told: Told) -> None:
    """The trial has used an answer: it is its parameter from now on."""
    worded, value = told
    question = json.loads(worded)
    trial._fixed_params = {**trial._fixed_params, question["name"]: value}
    suggestion.put(trial, question)


def _copied(trial: Trial, ledger: Ledger) -> Trial:
    """One that can be asked without anybody's knowing."""
    unwritten: Any = _Unwritten(ledger)
    silent = copy.copy(trial)
    silent.storage = unwritten
    silent.study = copy.copy(trial.study)
    silent.study._storage = unwritten
    known = silent._cached_frozen_trial = copy.copy(trial._cached_frozen_trial)
    known.params, known.distributions = dict(known.params), dict(known.distributions)
    return silent

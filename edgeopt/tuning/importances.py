"""Which parameters explain what varied: fANOVA over the trials that were trained to their end.

Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
ICML 2014, as Optuna computes it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from edgeopt.jobs.child import first_line

if TYPE_CHECKING:
    from optuna.study import Study

FEWEST_TRIALS = 5
"""With fewer the forest has nothing to split."""


def find(
    study: Study, objectives: tuple[str, ...]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Objective -> parameter -> its share; and objective -> why there is none."""
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    found: dict[str, dict[str, float]] = {}
    why: dict[str, str] = {}
    for number, name in enumerate(objectives):
        values = {trial.values[number] for trial in complete}
        if len(complete) < FEWEST_TRIALS or len(values) < 2:
            why[name] = (
                f"trained to their end: {len(complete)}, of which {len(values)} differ in this: "
                f"importances need {FEWEST_TRIALS} trials that differ"
            )
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shares = get_param_importances(
                    study,
                    evaluator=FanovaImportanceEvaluator(seed=0),
                    target=_value(number),
                )
            found[name] = {key: round(float(share), 6) for key, share in shares.items()}
        except (ValueError, RuntimeError) as error:
            why[name] = first_line(error)
    return found, why


def _value(number: int):  # type: ignore[no-untyped-def]
    return lambda trial: trial.values[number]

"""For a bare Optuna study: a limit on the device as a constraint, and a callback.

judge = Judge(limit)
def objective(trial):
    net = build(trial)
    judge.before_training(trial, net, example)   # prunes what is too slow
    return train(net)
study.optimize(objective, n_trials=50, callbacks=[judge])
judge.best(study)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput
from edgeopt.domain.evaluation import Evaluation
from edgeopt.report import beside_limit
from edgeopt.tuning.device_limit import DeviceLimit

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.study import Study
    from optuna.trial import FrozenTrial

LATENCY, BEST = "latency_ms", "edgeopt:best within"


@dataclass(frozen=True)
class Judge:
    """See the module's head."""

    limit: DeviceLimit

    def before_training(self, trial: Trial, model: Any, example_inputs: Any = None) -> Evaluation:
        """Time an untrained model; its latency becomes an attribute and a constraint of the trial.

        Raises:
            optuna.TrialPruned: it is beyond the limit: training it would be in vain.
            BadInput: it cannot be converted, or no device of the target is at hand.
        """
        import optuna

        found = self.limit.measured(model, example_inputs)
        assert found.latency_ms is not None
        trial.set_user_attr(LATENCY, found.latency_ms)
        excess = self.limit.excess(found.latency_ms)
        trial.set_constraint(f"latency:{self.limit.target}", excess)
        if excess > 0:
            assert self.limit.max_latency_ms is not None
            got, allowed = beside_limit.ms(found.latency_ms, self.limit.max_latency_ms)
            raise optuna.TrialPruned(f"{got} on {self.limit.target}, allowed {allowed}")
        return found

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """The callback: keeps the number of the best trial within the limit with the study.

        Raises:
            BadInput: as `best`.
        """
        best = self.best(study)
        if best is not None and study.user_attrs.get(BEST) != best.number:
            study.set_user_attr(BEST, best.number)

    def best(self, study: Study) -> FrozenTrial | None:
        """The best trial of a study of one objective that keeps the limit; None: there is none.

        Raises:
            BadInput: the study has several objectives.
        """
        import optuna

        if len(study.directions) > 1:
            raise BadInput(
                f"the study has {len(study.directions)} objectives, so that no trial is the best.",
                "Leave the judge out of callbacks=, and take study.best_trials: those beyond the "
                "limit break a constraint.",
            )

        kept = [
            one
            for one in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
            if self.limit.excess(one.user_attrs.get(LATENCY, float("inf"))) <= 0
        ]
        sign = 1 if study.direction == optuna.study.StudyDirection.MINIMIZE else -1
        return min(kept, key=lambda one: sign * (one.value or 0.0), default=None)

"""Regression and forecasting: MAE, RMSE, MAPE, sMAPE and R2 of values [n, ...]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Contributions, Floats, Sums, Table
from edgeopt.tasks.counted import mean
from edgeopt.tasks.tables import Each
from edgeopt.tasks.task import Measure, Outputs


def mae(answers: np.ndarray, truths: np.ndarray, ragged: bool = False) -> Sums:
    """Mean absolute error over all values.

    Args:
        ragged: a sample's answer ends where the rest of it is +infinity (decision 60), and errors
            are the mean of what is there; so in all of this file.

    Raises:
        BadInput: answers and truths differ in shape; so in all of this file.
    """
    found, wanted, there = _alike(answers, truths, "mae", ragged)
    return mean(_means(np.abs(found - wanted), there))


def rmse(answers: np.ndarray, truths: np.ndarray, ragged: bool = False) -> Sums:
    """Root of the mean squared error over all values."""
    found, wanted, there = _alike(answers, truths, "rmse", ragged)
    squares = _means((found - wanted) ** 2, there)
    return Sums(np.stack([squares, np.ones(len(squares))], axis=1), _root_of_mean)


def mape(answers: np.ndarray, truths: np.ndarray, ragged: bool = False) -> Sums:
    """Mean absolute error in shares of the truth, over all values.

    Raises:
        BadInput: a truth is 0, of which no error is a share.
    """
    found, wanted, there = _alike(answers, truths, "mape", ragged)
    zeros = int((there & (wanted == 0)).sum())
    if zeros:
        raise BadInput(
            f"mape divides by the labels, and {zeros} of {int(there.sum())} are 0.",
            "Use smape or mae.",
        )
    size = np.where(there, wanted, 1.0)
    return mean(_means(np.abs((found - wanted) / size), there))


def smape(answers: np.ndarray, truths: np.ndarray, ragged: bool = False) -> Sums:
    """Mean of 2 |a - t| / (|a| + |t|), within 0..2; 0 where both are 0 (M4 competition, 2018)."""
    found, wanted, there = _alike(answers, truths, "smape", ragged)
    size = np.abs(found) + np.abs(wanted)
    share = np.divide(2 * np.abs(found - wanted), size, out=np.zeros_like(size), where=size > 0)
    return mean(_means(share, there))


def r2(answers: np.ndarray, truths: np.ndarray, ragged: bool = False) -> Sums:
    """Share of the variance explained, each value of a sample by itself, then their mean.

    Values whose truth never changes: 1 without error, else 0 (scikit-learn's convention).
    """
    found, wanted, there = _alike(answers, truths, "r2", ragged)
    # Squares of what lies far from 0 lose their digits.
    centred = np.where(there, wanted - wanted.mean(axis=0), 0.0)
    parts = [(found - wanted) ** 2, centred, centred**2, there]
    return Sums(np.concatenate(parts, axis=1, dtype=np.float64), _explained)


def _alike(
    answers: np.ndarray, truths: np.ndarray, name: str, ragged: bool
) -> tuple[Floats, Floats, np.ndarray]:
    """Answers and labels [n, k], and bool[n, k]: there is an answer; else both are 0."""
    if len(answers) != len(truths) or answers[:1].size != truths[:1].size:
        raise BadInput(
            f"{name} needs a label for each value of the output, but the answers are "
            f"{list(answers.shape)} and the labels {list(truths.shape)}.",
            "Give labels of the output's shape.",
        )
    found = answers.reshape(len(answers), -1).astype(np.float64)
    wanted = truths.reshape(len(truths), -1).astype(np.float64)
    there = ~np.isposinf(found) if ragged else np.ones(found.shape, bool)
    return np.where(there, found, 0.0), np.where(there, wanted, 0.0), there


def _means(errors: Floats, there: np.ndarray) -> Floats:
    """[n]: of each sample's answers."""
    return np.asarray(errors.sum(axis=1, where=there) / there.sum(axis=1), np.float64)


def _root_of_mean(sums: Floats) -> float:
    return float(np.sqrt(sums[0] / sums[1])) if sums[1] > 0 else float("nan")


def _explained(sums: Floats) -> float:
    each = sums.reshape(4, -1)
    errors, total, squares, count = each[:, each[3] > 0]
    if not len(count):
        return float("nan")
    spread = squares - total**2 / count
    flat = spread <= 1e-12 * np.maximum(squares, np.finfo(np.float64).tiny)
    explained = 1 - errors / np.where(flat, 1, spread)
    return float(np.where(flat, np.where(errors == 0, 1.0, 0.0), explained).mean())


METRICS = {"mae": mae, "rmse": rmse, "mape": mape, "smape": smape, "r2": r2}
MEASURES = (
    Measure("r2", "share of the labels' variance that is explained (R2)"),
    Measure("mae", "mean absolute error", higher_is_better=False, points=False),
    Measure("rmse", "root of the mean squared error", higher_is_better=False, points=False),
    Measure(
        "mape", "mean absolute error in shares of the label", higher_is_better=False, points=False
    ),
    Measure("smape", "mean of 2 |a - t| / (|a| + |t|)", higher_is_better=False, points=False),
)


@dataclass(frozen=True)
class Regression:
    """Regression and forecasting: a label for each value of the outputs that are judged.

    Attributes:
        outputs: names of the outputs that are judged, in the order of the labels' values.
        ragged: as in `mae`.
    """

    outputs: tuple[str, ...]
    ragged: bool = False
    name: str = field(default="regression", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[object] = ()) -> dict[str, np.ndarray]:
        """Output name -> [n, ...] of those that are judged.

        Raises:
            BadInput: one is missing.
        """
        for name in self.outputs:
            if name not in outputs:
                raise BadInput(f"the model has no output {name}.", f"It has {', '.join(outputs)}.")
        return {name: np.asarray(outputs[name]) for name in self.outputs}

    def truths_of(self, answers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The source's own values."""
        return answers

    def blind(self, truths: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
        """See `task.Blind`."""
        every = {
            name: np.repeat(np.mean(one, axis=0, dtype=np.float64, keepdims=True), len(one), 0)
            for name, one in truths.items()
        }
        return {"the mean of the labels": every}

    def judged(self, answers: dict[str, np.ndarray], truths: dict[str, np.ndarray]) -> JudgedValues:
        """All values of all outputs.

        Raises:
            BadInput: an output has no label.
        """
        for name in self.outputs:
            if name not in truths:
                raise BadInput(f"the data has no labels for the output {name}.", "Add them.")
        return JudgedValues(answers, {name: truths[name] for name in self.outputs}, self.ragged)


@dataclass(frozen=True)
class JudgedValues:
    """Values beside their labels, [n, ...] each by output."""

    answers: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]
    ragged: bool = False

    def contributions(self, measure: str) -> Contributions:
        """What each sample adds to a measure of all values. Raises KeyError, BadInput."""
        both = (self.answers, self.truths)
        found, wanted = (
            np.concatenate([one[name].reshape(len(one[name]), -1) for name in self.truths], axis=1)
            for one in both
        )
        return METRICS[measure](found, wanted, self.ragged)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """By output, where there are several. Raises KeyError, BadInput."""
        if len(self.truths) < 2:
            return {}
        own = METRICS[measure]
        each = {n: own(self.answers[n], self.truths[n], self.ragged) for n in self.truths}
        return {"output": Each(each)}

"""For scikit-learn's searches: scorers that ask the device, and rules for `refit`.

    search = GridSearchCV(model, grid, scoring=scorers(limit), refit=best_within(limit))

`HalvingGridSearchCV` takes one score: `within(limit)` is that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.report import format as fmt
from edgeopt.tuning.device_limit import DeviceLimit

SCORE, LATENCY = "score", "latency"
Refit = Callable[[Mapping[str, Any]], int]


@dataclass(frozen=True)
class LatencyScorer:
    """A scorer: minus the latency in milliseconds, since scikit-learn takes more for better."""

    limit: DeviceLimit

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:  # noqa: N803
        found = self.limit.measured(estimator)
        assert found.latency_ms is not None
        return -found.latency_ms


@dataclass(frozen=True)
class ScoreWithin:
    """One score for searches that take one: of what is beyond the limit below every other.

    An estimator within the limit has its own score; one beyond has minus the share of the limit
    that it takes, so that of two the faster is the better.
    """

    limit: DeviceLimit
    scoring: str | None = None

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:  # noqa: N803
        found = self.limit.measured(estimator)
        assert found.latency_ms is not None
        if (beyond := self.limit.excess(found.latency_ms)) > 0:
            return -(1 + beyond)
        return float(_scorer(estimator, self.scoring)(estimator, X, y))


def scorers(limit: DeviceLimit, scoring: str | None = None) -> dict[str, Any]:
    """A pair for `scoring=`: {"score": ..., "latency": ...}.

    Args:
        scoring: a name of scikit-learn's; None: the estimator's own.
    """
    return {SCORE: scoring or _own_score, LATENCY: LatencyScorer(limit)}


def within(limit: DeviceLimit, scoring: str | None = None) -> ScoreWithin:
    """See `ScoreWithin`."""
    return ScoreWithin(limit, scoring)


def best_within(limit: DeviceLimit) -> Refit:
    """A rule for `refit=`: the best mean score of those whose mean latency keeps the limit.

    The rule raises BadInput where none keeps it.
    """

    def rule(results: Mapping[str, Any]) -> int:
        times, scores = _columns(results)
        within = times <= (limit.max_latency_ms or np.inf)
        allowed = np.flatnonzero(within & np.isfinite(times) & np.isfinite(scores))
        if not len(allowed):
            known = times[np.isfinite(times)]
            least = f"takes {fmt.ms(float(known.min()))}" if len(known) else "is not known"
            raise BadInput(
                f"none of {len(times)} candidates keeps {limit.max_latency_ms} ms; the fastest "
                f"{least}.",
                "Allow more, or add smaller ones to the grid.",
            )
        return int(allowed[np.argmax(scores[allowed])])

    return rule


def fastest_within(max_drop: float) -> Refit:
    """A rule for `refit=`: the fastest whose mean score is at most so far from the best one.

    The rule raises BadInput where no candidate has both figures.
    """

    def rule(results: Mapping[str, Any]) -> int:
        times, scores = _columns(results)
        whole = np.isfinite(times) & np.isfinite(scores)
        if not whole.any():
            raise BadInput(
                f"none of {len(times)} candidates has a score and a latency.",
                "What failed is in the search's warnings; error_score='raise' shows the first.",
            )
        near = np.flatnonzero(whole & (scores >= scores[whole].max() - max_drop))
        return int(near[np.argmin(times[near])])

    return rule


def _columns(results: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The mean latency in milliseconds, and the mean score, of each candidate."""
    scores = np.asarray(results[f"mean_test_{SCORE}"])
    return -np.asarray(results[f"mean_test_{LATENCY}"]), scores


def _own_score(estimator: Any, X: Any, y: Any = None) -> float:  # noqa: N803
    return float(estimator.score(X, y))


def _scorer(estimator: Any, scoring: str | None) -> Any:
    from sklearn.metrics import check_scoring

    return check_scoring(estimator, scoring=scoring)

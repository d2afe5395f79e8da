"""For scikit-learn's searches: scorers that ask the device, and rules for `refit`.

    search = GridSearchCV(model, grid, scoring=scorers(limit), refit=best_within(limit))

`HalvingGridSearchCV` takes one score: `within(limit)` is that.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.jobs.child import first_line
from edgeopt.report import format as fmt
from edgeopt.tuning import kinds
from edgeopt.tuning.device_limit import DeviceLimit

SCORE, LATENCY = "score", "latency"
Refit = Callable[[Mapping[str, Any]], int]
_Seen = dict[str, str]

#: The first error of each figure in the latest search of this process: a rule of `refit` is given
#: scikit-learn's table alone, where an error is NaN.
_latest: _Seen = {}


@dataclass(frozen=True)
class LatencyScorer:
    """A scorer: minus the latency in milliseconds, since scikit-learn takes more for better."""

    limit: DeviceLimit
    seen: _Seen = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:  # noqa: N803
        try:
            found = self.limit.measured(estimator)
        except EdgeoptError as error:
            self.seen.setdefault(LATENCY, first_line(error))
            raise
        assert found.latency_ms is not None
        return -found.latency_ms


@dataclass(frozen=True)
class Scorer:
    """A score of scikit-learn's, or the estimator's own, which remembers why there was none."""

    scoring: str | Callable[..., Any] | None
    seen: _Seen = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:  # noqa: N803
        try:
            return float(_scorer(estimator, self.scoring)(estimator, X, y))
        except Exception as error:
            self.seen.setdefault(SCORE, first_line(error))
            raise


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

    Raises:
        BadInput: scikit-learn has no score of that name.
    """
    _require_score(scoring)
    _latest.clear()
    return {SCORE: Scorer(scoring, _latest), LATENCY: LatencyScorer(limit, _latest)}


def within(limit: DeviceLimit, scoring: str | None = None) -> ScoreWithin:
    """See `ScoreWithin`.

    Raises:
        BadInput: scikit-learn has no score of that name.
    """
    _require_score(scoring)
    return ScoreWithin(limit, scoring)


def best_within(limit: DeviceLimit) -> Refit:
    """A rule for `refit=`: the best mean score of those whose mean latency keeps the limit.

    The rule raises BadInput where none keeps it, or none has both figures.
    """

    def rule(results: Mapping[str, Any]) -> int:
        times, scores = _columns(results)
        _require_figures(times, scores)
        whole = np.isfinite(times) & np.isfinite(scores)
        most = np.inf if limit.max_latency_ms is None else limit.max_latency_ms
        allowed = np.flatnonzero(whole & (times <= most))
        if not len(allowed):
            raise BadInput(
                f"none of {int(whole.sum())} candidates keeps {limit.max_latency_ms} ms; the "
                f"fastest takes {fmt.ms(float(times[whole].min()))}.",
                "Allow more, or add smaller ones to the grid.",
            )
        return int(allowed[np.argmax(scores[allowed])])

    return rule


def fastest_within(max_drop: float) -> Refit:
    """A rule for `refit=`: the fastest whose mean score is at most so far from the best one.

    The rule raises BadInput where no candidate has both figures.

    Raises:
        BadInput: `max_drop` is no number from 0.
    """
    number = isinstance(max_drop, numbers.Real) and not isinstance(max_drop, bool)
    if not number or not 0 <= max_drop < np.inf:
        raise BadInput(
            f"max_drop is {kinds.shown(max_drop)}, and a number from 0 is wanted.",
            "0.01 is one point of accuracy.",
        )

    def rule(results: Mapping[str, Any]) -> int:
        times, scores = _columns(results)
        _require_figures(times, scores)
        whole = np.isfinite(times) & np.isfinite(scores)
        near = np.flatnonzero(whole & (scores >= scores[whole].max() - max_drop))
        return int(near[np.argmin(times[near])])

    return rule


def _columns(results: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The mean latency in milliseconds, and the mean score, of each candidate.

    Raises:
        BadInput: the search was not scored by `scorers`.
    """
    if not {f"mean_test_{SCORE}", f"mean_test_{LATENCY}"} <= results.keys():
        raise BadInput("the search tells no score and latency.", "Give it scoring=scorers(limit).")
    scores = np.asarray(results[f"mean_test_{SCORE}"])
    return -np.asarray(results[f"mean_test_{LATENCY}"]), scores


def _require_figures(times: np.ndarray, scores: np.ndarray) -> None:
    """Refuse a search none of whose candidates has both: which figure is missing, and why.

    Raises:
        BadInput: see above.
    """
    if (np.isfinite(times) & np.isfinite(scores)).any():
        return
    figures = {LATENCY: times, SCORE: scores}
    missing = [name for name, found in figures.items() if not np.isfinite(found).any()]
    which = " or a ".join(missing) or f"{SCORE} together with a {LATENCY}"
    why = "; ".join(_latest[name] for name in missing or figures if name in _latest)
    raise BadInput(
        f"none of {len(times)} candidates has a {which}{f': {why}' if why else '.'}",
        "What failed is in the search's warnings; error_score='raise' shows the first.",
    )


def _require_score(scoring: str | None) -> None:
    """Refuse a name that scikit-learn does not have. Raises BadInput."""
    from sklearn.metrics import get_scorer_names

    if isinstance(scoring, str) and scoring in get_scorer_names():
        return
    if scoring is not None and not callable(scoring):
        raise BadInput(
            f"scikit-learn has no score {kinds.shown(scoring)}.",
            "sklearn.metrics.get_scorer_names() lists them.",
        )


def _scorer(estimator: Any, scoring: str | Callable[..., Any] | None) -> Any:
    from sklearn.metrics import check_scoring

    return check_scoring(estimator, scoring=scoring)

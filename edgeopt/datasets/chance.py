"""What answers score that ignore the input: a source that scores little more tells little.

The source's own answers are given to other samples, and one answer to all samples: the mean of its
own, and what a task knows to be best without looking (`tasks.task.Blind`). All are scored as the
source is, so that whatever the truths are, what chance gives follows from the data itself: the
share of the commonest class, a mask that is all background, neighbours at random, an even image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.judging import Answers
from edgeopt.domain.errors import BadInput, StepFailed

#: Fewer samples may well score like chance by chance.
FEWEST = 20
#: Of the way from chance to a score without an error, what a source that has learnt goes at least.
LEAST_SKILL = 0.1

_SHUFFLES = 2


@dataclass(frozen=True)
class Trivial:
    """Answers that ignore the input.

    Attributes:
        answers: outputs by name; of a task's own (`decoded`) what it calls answers.
        what: in words.
    """

    answers: Any
    what: str
    decoded: bool = False


@dataclass(frozen=True)
class Judge:
    """Who scores a source and answers that ignore the input.

    Attributes:
        name: of the measure. score: the source's.
        bounded: its values are within 0..1, which makes a way from chance to no error.
        value: of answers; nan where it is not defined.
        ahead: by how much the source is better than other answers: the least that its samples
            leave open. Not above 0: they do not tell them apart.
        others: such answers, besides those that are made of the source's.
    """

    name: str
    score: float
    higher_is_better: bool
    bounded: bool
    value: Callable[[Trivial], float]
    ahead: Callable[[Trivial], float]
    others: Sequence[Trivial] = ()


def trivial(source: Answers) -> Iterator[Trivial]:
    """Of the source's answers to n samples, [n, *shape] by name; n above 1."""
    count = len(next(iter(source.values())))
    rng = np.random.default_rng(0)
    for _ in range(_SHUFFLES):
        ring, others = rng.permutation(count), np.empty(count, np.intp)
        others[ring] = np.roll(ring, 1)  # each sample gets its neighbour's answer, never its own
        shuffled = {name: each[others] for name, each in source.items()}
        yield Trivial(shuffled, "its own answers to other samples")
    if all(each.dtype.kind == "f" and np.isfinite(each).all() for each in source.values()):
        means = {name: _repeated_mean(each) for name, each in source.items()}
        yield Trivial(means, "the mean of its answers for every sample")


def _repeated_mean(each: np.ndarray) -> np.ndarray:
    mean = each.mean(axis=0, dtype=np.float64).astype(each.dtype)
    return np.repeat(mean[None], len(each), axis=0)


def skill(score: float, chance: float, higher_is_better: bool) -> float:
    """How far a score within 0..1 goes from chance (0) to one without an error (1)."""
    best = 1.0 if higher_is_better else 0.0
    return (score - chance) / (best - chance) if chance != best else 1.0


def best(
    source: Answers,
    value: Callable[[Trivial], float],
    higher_is_better: bool,
    others: Sequence[Trivial] = (),
) -> tuple[float, Trivial] | None:
    """(its score, the answers that score best of those that ignore the input); None: none can be.

    Args:
        value: of answers; nan where it is not defined. What it cannot score is left out.
        others: besides those that are made of the source's.
    """
    found = []
    for one in (*trivial(source), *others):
        try:
            score = value(one)
        except (BadInput, StepFailed, ValueError):
            continue
        if np.isfinite(score):
            found.append((score, one))
    sign = 1 if higher_is_better else -1
    return max(found, key=lambda pair: sign * pair[0], default=None)


def doubt(judge: Judge, source: Answers) -> Advice | None:
    """Where a source's answers to n samples score hardly better than some that ignore the input.

    None as well where there are too few samples, or where no such answers can be scored.
    """
    if len(next(iter(source.values()))) < FEWEST:
        return None
    found = best(source, judge.value, judge.higher_is_better, judge.others)
    if found is None:
        return None
    level, one = found
    return near(judge, level, one.what, lambda: judge.ahead(one))


def near(judge: Judge, level: float, what: str, ahead: Callable[[], float]) -> Advice | None:
    """The warning where a score is near chance: it has not gone `LEAST_SKILL` of the way from it,

    or the samples do not tell it apart.

    Args:
        level: what chance gives. what: the answers that score it, in words.
        ahead: as of `Judge`, of these answers.
    """
    unlearnt = judge.bounded and skill(judge.score, level, judge.higher_is_better) < LEAST_SKILL
    if not unlearnt and ahead() > 0:
        return None
    score, chance = (_figure(value, judge.bounded) for value in (judge.score, level))
    return advice(judge.name, score, chance, what)


def _figure(value: float, bounded: bool) -> str:
    """A score as reports show it: shares in percent."""
    return f"{100 * value:.1f} %" if bounded else f"{value:.4g}"


def advice(name: str, score: str, chance: str, what: str) -> Advice:
    """The warning, of a score and of what chance gives, as figures."""
    return Advice(
        f"The source's {name} is {score}, and {what} would score {chance}: it may not have "
        "learnt this, or the data is prepared otherwise than in training",
        "Check how inputs are prepared (--preprocess), that labels are numbered as the model's "
        "classes, and that each label, line or column belongs to its sample.",
    )

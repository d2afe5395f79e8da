"""Cheap before dear: size before answers, a few answers before all, scores on a growing part.

The first answers are compared with the source's. Then there are looks at 1/8 and 1/2 of the
samples: a form is given up where the 95 % interval of its drop lies wholly above the limit. One
that loses just what is allowed is given up by error in 2.5 % of looks, so in 5 % of both at most
(Bonferroni); one that loses less, less often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop
from edgeopt.domain.shortfall import Shortfall
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.parity_check import COMPRESSED, Answers
from edgeopt.search.choose import shortfalls

SHARES = (1 / 8, 1 / 2)


def is_lost(drop: Drop, max_drop: float) -> bool:
    """Whether the samples so far tell that more is lost than is allowed."""
    return drop.resolved and drop.judged > max_drop


def sizes_missed(record: Record, choose: EvaluationSet) -> tuple[Shortfall, ...]:
    """By what an artifact is too large, whatever its score would be."""
    missed = shortfalls(record, choose.scoring.constraints)
    return tuple(one for one in missed if one.kind == "size")


@dataclass
class Growing:
    """Asked about the answers so far: whether they are enough. See the module's head.

    Attributes:
        looks: numbers of samples at which it is still to be asked.
        given_up: where it lost too much; None: it did not.
        far: the first answers are too far from the source's for the precision that was asked for.
    """

    choose: EvaluationSet
    precision: str
    looks: list[int]
    given_up: int | None = None
    far: bool = False
    asked: int = 0

    @staticmethod
    def of(choose: EvaluationSet, recipe: Recipe) -> Growing | None:
        """None where nothing is scored."""
        if choose.scoring.unscored:
            return None
        precision = COMPRESSED if recipe.compression else recipe.precision
        return Growing(
            choose, precision, [max(1, round(len(choose.feed) * share)) for share in SHARES]
        )

    def __call__(self, given: Mapping[str, np.ndarray]) -> bool:
        answers = dict(given)
        n = len(next(iter(answers.values())))
        self.asked += 1
        if self.asked == 1 and self._is_far(answers):
            self.far = True
            return True
        if not self.looks or n < self.looks[0] or n >= len(self.choose.feed):
            return False
        self.looks = [look for look in self.looks if look > n]
        try:
            _, drop = self.choose.marks(answers)
        except (BadInput, StepFailed):  # not defined on so few, or told when all are there
            return False
        if is_lost(drop, self.choose.scoring.max_drop):
            self.given_up = n
        return self.given_up is not None

    def _is_far(self, answers: Answers) -> bool:
        """Parity is of a few samples: whether the first ones fail it."""
        try:
            self.choose.parity(self.precision, answers)
        except StepFailed:
            return True
        return False

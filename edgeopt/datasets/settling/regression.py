"""Regression and forecasting: the labels are values of the output that is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.regression import Regression


@dataclass(frozen=True)
class SettledRegression:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: Regression

    def task(self, samples: Samples) -> Regression:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> dict[str, np.ndarray] | None:
        """See the protocol."""
        return None if samples.labels is None else {self.facts.output: samples.labels}


def settle(given: Given) -> SettledRegression:
    """The output that is scored.

    Raises:
        BadInput: there is not one label for each of its values.
    """
    labels, own = given.samples.labels, given.outputs[given.output]
    if labels is not None and labels[0].size != own[0].size:
        raise BadInput(
            f"the labels have {labels[0].size} values for a sample, and the output "
            f"{given.output!r} has {own[0].size}.",
            "Give a label for each value of the output, or name another --output.",
        )
    facts = TaskFacts(name="regression", why="--task", output=given.output)
    ragged = given.samples.sizes is not None
    return SettledRegression(facts, Regression((given.output,), ragged))

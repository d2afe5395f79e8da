"""A measure of a task as what scores and reports know of a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.metric import RESAMPLES_SLOW, Resampling
from edgeopt.tasks.task import Measure


@dataclass(frozen=True)
class TaskMetric:
    """The descriptive half of `metric.Metric`, of a task's measure.

    Attributes:
        measure: of the task. against: what the truths are. why: what the task was recognized by.
    """

    measure: Measure
    against: Literal["labels", "source"]
    why: str = ""
    advice: tuple[Advice, ...] = ()
    resamples: int = RESAMPLES_SLOW
    why_no_interval: str = ""

    @property
    def name(self) -> str:
        """The word for --metric."""
        return self.measure.name

    @property
    def about(self) -> str:
        """One sentence for the user."""
        if self.against == "labels":
            return self.measure.about
        return f"{self.measure.about}; the source's own answers stand for the labels"

    @property
    def higher_is_better(self) -> bool:
        """Or lower."""
        return self.measure.higher_is_better

    @property
    def counting(self) -> bool:
        """As in `Measure`."""
        return self.measure.counting

    @property
    def in_points(self) -> bool:
        """As in `Metric`."""
        return self.measure.points

    @property
    def proportion(self) -> bool:
        """It is no mean of samples that are right or wrong."""
        return False

    @property
    def resampling(self) -> Resampling:
        """As in `Measure`."""
        return self.measure.resampling

"""What answers are scored by: one value, from the request and the source's answers."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.datasets import by_step
from edgeopt.datasets.by_metric import ByMetric, metric_for
from edgeopt.datasets.by_step import ByStep
from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.judging import Answers, Judging
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given, Settled
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.datasets.unjudged import NO_METRIC, Unjudged
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Constraints, Request
from edgeopt.domain.task import TaskAsked
from edgeopt.sources.source import Source

#: Tasks that know where an answer ends: what is past it is +infinity (decision 60).
_OF_ANY_LENGTH = ("ctc", "image-to-image", "regression")


@dataclass(frozen=True)
class Scoring:
    """How a run scores.

    Attributes:
        metric: of the output that is scored, or of the task.
        output: its name.
        constraints: what a candidate must keep.
        slice_by: columns of the data by which scores are sliced, besides the class.
        settled: the task whose measure the metric is; None: a metric of one output.
    """

    metric: Metric | TaskMetric
    output: str
    constraints: Constraints
    slice_by: tuple[str, ...] = ()
    settled: Settled | None = None

    @property
    def unscored(self) -> bool:
        """Whether nothing is scored: the inputs are random."""
        return self.metric is NO_METRIC

    @property
    def max_drop(self) -> float:
        """What may be lost over all samples."""
        return self.constraints.max_drop

    @property
    def max_slice_drop(self) -> float:
        """What a slice may lose; as all of the samples where nothing was said of slices."""
        limit = self.constraints.max_slice_drop
        return self.constraints.max_drop if limit is None else limit

    @property
    def slices_decide(self) -> bool:
        """Whether a slice can disqualify a candidate."""
        return self.constraints.max_slice_drop is not None

    def judging(self, part: str, samples: Samples, source: Answers) -> Judging:
        """What judges answers to samples, with the source's own; to sequences step by step."""
        if self.unscored:
            return Unjudged()
        if samples.steps:
            flat, [theirs] = by_step.judged(samples, (source,))
            return ByStep(samples, self.judging(part, flat, theirs))
        if isinstance(self.metric, Metric):
            return ByMetric(part, samples, source, self.metric, self.output)
        assert self.settled is not None
        return ByTask(part, samples, source, self.settled, self.metric)


def scoring_of(
    request: Request,
    source: Source,
    samples: Samples,
    answers: Answers,
    listener: Listener = silent,
) -> Scoring:
    """By the task that is settled, or by a metric of one output.

    Args:
        samples: of the part that chooses. answers: the source's to them.

    Raises:
        BadInput: the source's answers cannot be scored as asked.
    """
    output = request.output
    if request.random_inputs:
        return Scoring(NO_METRIC, output, request.constraints)
    samples, [answers] = by_step.judged(samples, (answers,))
    asked = request.task or TaskAsked()
    given = Given(asked, request.metric, samples, answers, source.inputs, output)
    settled = settle(given)
    _require_even(source, output, settled)
    metric = (
        metric_for(request.metric, samples, answers, output, source.batch_axis(output), listener)
        if settled is None
        else metric_of(settled, request.metric, samples)
    )
    return Scoring(metric, output, request.constraints, request.slice_by, settled)


def _require_even(source: Source, output: str, settled: Settled | None) -> None:
    """Refuse answers of several lengths to what does not know their end.

    Raises:
        BadInput: what is scored grows with an axis that stays open, and no task reads it so.
    """
    if source.kept is None or (settled is not None and settled.facts.name in _OF_ANY_LENGTH):
        return
    read = (output,) if settled is None or settled.facts.output else tuple(source.kept.growing)
    growing = [name for name in read if name in source.kept.growing]
    if growing:
        raise BadInput(
            f"the output {growing[0]} grows with the open axis {source.kept.name}, and only "
            f"the tasks {', '.join(_OF_ANY_LENGTH)} read answers of several lengths.",
            "Leave --open-axis out: --shape fixes the axis.",
        )

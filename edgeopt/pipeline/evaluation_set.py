"""Judges answers: score and drop on one part of the data, with the source's own answers."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.datasets import likeness, scores, slices
from edgeopt.datasets.fidelity import divided
from edgeopt.datasets.intervals import count_groups
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.parts import Part
from edgeopt.datasets.places import unanswered
from edgeopt.datasets.samples import Samples
from edgeopt.devices.device import Device
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.answer import answer_in_parts
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject
from edgeopt.pipeline.parity_check import Answers, require_places
from edgeopt.runner import sensors
from edgeopt.sources.source import Source


class EvaluationSet:
    """One part of the data with the source's own answers, and what candidates are held to."""

    def __init__(self, part: str, samples: Samples, feed: Feed, source: Answers) -> None:
        self.part, self.samples, self.feed, self.source = part, samples, feed, source
        self._alike: dict[str, np.ndarray | None] = {}

    def alike(self, output: str) -> np.ndarray | None:
        """The group that each sample seems to be of, where none is told; None: independent."""
        if self.samples.groups is not None:
            return None
        if output not in self._alike:
            self._alike[output] = likeness.groups_of(
                self.samples.inputs, np.nan_to_num(self.source[output]), self.samples.labels
            )
        return self._alike[output]

    @functools.cached_property
    def divisions(self) -> dict[str, tuple[Part, ...]]:
        """The parts of each output that are held to the source by themselves."""
        return divided(self.source)

    def unscored(self, output: str) -> np.ndarray:
        """int[m]: the samples that the source itself answers with NaN, in this part's order."""
        return np.flatnonzero(unanswered(self.source[output]))

    def answered(self, answers: Answers, output: str) -> slices.Answered:
        """What is scored: the samples that were answered, but for those the source cannot.

        Raises:
            StepFailed: values are infinite or NaN where the source's are not.
        """
        own = answers[output]
        theirs = self.source[output][: len(own)]
        require_places(output, own, theirs)
        kept = self.scored(output, len(own))
        if len(kept) == len(own):
            return slices.Answered(self.samples, own, theirs)
        return slices.Answered(self.samples.take(kept), own[kept], theirs[kept])

    def scored(self, output: str, count: int) -> np.ndarray:
        """int[m]: of the first samples those that are scored."""
        return np.setdiff1d(np.arange(count), self.unscored(output))

    def marks(
        self, judge: Metric, answers: Answers, output: str, max_drop: float
    ) -> tuple[Score, Drop]:
        """Score and paired drop of a candidate's answers, to the first n samples.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        samples, own, theirs = self.answered(answers, output)
        labels, groups = (
            None if array is None else array[: len(own)]
            for array in (samples.labels, samples.groups)
        )
        alike = self.alike(output)
        if alike is not None:
            alike = alike[self.scored(output, len(answers[output]))]
        score = scores.score(judge, own, judge.truths(labels, theirs), groups, self.part)
        score = msgspec.structs.replace(score, alike=count_groups(alike))
        return score, scores.drop(judge, own, theirs, labels, groups, max_drop, alike)

    def slices(
        self, judge: Metric, answers: Answers, output: str, columns: Sequence[str], max_drop: float
    ) -> tuple[Slices, ...]:
        """The same by slices, worst first. Empty where there is nothing to slice by.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        answered = self.answered(answers, output)
        return slices.slices(judge, answered, columns, self.part, max_drop)


def exam(
    part: str,
    samples: Samples,
    source: Source,
    device: Device,
    folder: Path,
    log: Path,
    timeout_s: float,
    progress: Listener,
) -> EvaluationSet:
    """Ask the source itself about every sample of a part.

    The samples are shuffled (seeded), so that the first of them are a fair part of all.

    Raises:
        RunnerFailed: the source does not run.
    """
    samples = samples.take(np.random.default_rng(0).permutation(len(samples)))
    feed = Feed(samples.inputs, folder)
    answers = ask(source, device, feed, log, timeout_s, progress)
    return EvaluationSet(part, samples, feed, answers)


def ask(
    source: Source,
    device: Device,
    feed: Feed,
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
) -> Answers:
    """The source's own answers to every sample of a feed.

    Raises:
        RunnerFailed: the source does not run.
    """
    subject = reference(source)
    runners = max(1, sensors.cores() // subject.threads)
    return answer_in_parts(
        device, subject, feed, output_shapes(source), log, timeout_s, runners, progress
    )


def reference(source: Source) -> Subject:
    """The source as a subject: its own runtime, its own layout."""
    return Subject(
        key="source",
        title=f"the source ({source.reference_runtime})",
        runtime=source.reference_runtime,
        path=Path(source.reference_path),
        # Eager PyTorch at batch 1 gains nothing from a second thread that does not spin.
        threads=1 if source.reference_runtime in ("torch", "sklearn") else sensors.cores(),
        inputs=source.reference_inputs or _plain(source.inputs),
        outputs=source.reference_outputs or _plain(source.outputs),
        options=dict(source.reference_options),
    )


def _plain(specs: tuple[TensorSpec, ...]) -> tuple[Binding, ...]:
    return tuple(
        Binding(
            source=spec.name,
            name=spec.name,
            index=i,
            dtype=spec.dtype,
            shape=spec.sizes,
        )
        for i, spec in enumerate(specs)
    )


def output_shapes(source: Source) -> dict[str, tuple[int, ...]]:
    """Shape of each of the source's outputs."""
    return {spec.name: spec.sizes for spec in source.outputs}


def metric_for(
    name: str,
    first: EvaluationSet,
    output: str,
    batch_axis: int | None = None,
    tell: Listener = silent,
) -> Metric:
    """The metric of a request.

    Args:
        batch_axis: of the output (`Source.batch_axis`).

    Raises:
        BadInput: it does not fit the labels or the source's outputs.
    """
    samples, _, theirs = first.answered(first.source, output)
    if not len(theirs):
        raise BadInput(
            f"the source model answers NaN for all {len(first.samples)} samples",
            "Check the data's preprocessing and the model.",
        )
    return metric(name or None, samples.labels, theirs, batch_axis, tell)

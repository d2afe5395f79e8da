"""Judges answers: parity with the source, score and drop on one part of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.datasets import likeness, scores, slices
from edgeopt.datasets.intervals import count_groups
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples
from edgeopt.devices.device import Device
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.record import Parity
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.answer import answer_in_parts
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject
from edgeopt.runner import sensors
from edgeopt.sources.source import Source

Answers = dict[str, np.ndarray]

PARITY_SAMPLES = 16

#: Stands for a precision where the model itself was changed. Its answers may be of another scale
#: (labels train no scale), so that only nonsense is refused here; the score judges.
COMPRESSED = "a compressed model"

#: Least signal to noise ratio that an artifact must keep, dB. Integers are held to little:
#: the score judges them; below 0 dB the error is larger than the signal.
REQUIRED_DB = {"fp32": 40.0, "fp16": 25.0, "bf16": 15.0, COMPRESSED: -20.0}
REQUIRED_DB_INT8 = 0.0


class Exam:
    """One part of the data with the source's own answers, and what candidates are held to."""

    def __init__(self, part: str, samples: Samples, feed: Feed, source: Answers) -> None:
        self.part, self.samples, self.feed, self.source = part, samples, feed, source
        self._alike: dict[str, np.ndarray | None] = {}

    def alike(self, output: str) -> np.ndarray | None:
        """The group that each sample seems to be of, where none is told; None: independent."""
        if self.samples.groups is not None:
            return None
        if output not in self._alike:
            self._alike[output] = likeness.groups_of(self.samples.inputs, self.source[output])
        return self._alike[output]

    def marks(
        self, judge: Metric, answers: Answers, output: str, max_drop: float
    ) -> tuple[Score, Drop]:
        """Score and paired drop of a candidate's answers, to the first n samples.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        own = answers[output]
        theirs = self.source[output][: len(own)]
        labels, groups, alike = (
            None if array is None else array[: len(own)]
            for array in (self.samples.labels, self.samples.groups, self.alike(output))
        )
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
        own = answers[output]
        answered = slices.Answered(self.samples, own, self.source[output][: len(own)])
        return slices.slices(judge, answered, columns, self.part, max_drop)


def exam(
    part: str,
    samples: Samples,
    source: Source,
    device: Device,
    folder: Path,
    log: Path,
    timeout_s: float,
    progress: Callable[[int], None],
) -> Exam:
    """Ask the source itself about every sample of a part.

    The samples are shuffled (seeded), so that the first of them are a fair part of all.

    Raises:
        RunnerFailed: the source does not run.
    """
    samples = samples.take(np.random.default_rng(0).permutation(len(samples)))
    feed = Feed(samples.inputs, folder)
    answers = ask(source, device, feed, log, timeout_s, progress)
    return Exam(part, samples, feed, answers)


def ask(
    source: Source,
    device: Device,
    feed: Feed,
    log: Path,
    timeout_s: float,
    progress: Callable[[int], None] = lambda done: None,
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
            shape=tuple(int(dim or 1) for dim in spec.shape),
        )
        for i, spec in enumerate(specs)
    )


def output_shapes(source: Source) -> dict[str, tuple[int, ...]]:
    """Shape of each of the source's outputs."""
    return {spec.name: tuple(int(dim or 1) for dim in spec.shape) for spec in source.outputs}


def metric_for(name: str, first: Exam, output: str) -> Metric:
    """The metric of a request.

    Raises:
        BadInput: it does not fit the labels or the source's outputs.
    """
    return metric(name or None, first.samples.labels, first.source[output])


def parity(precision: str, answers: Answers, source: Answers) -> Parity:
    """How near an artifact's answers are to the source's, over all outputs.

    Raises:
        StepFailed: not finite where the source is, or further off than the precision allows.
    """
    count = min(PARITY_SAMPLES, len(next(iter(source.values()))))
    required = REQUIRED_DB.get(precision, REQUIRED_DB_INT8)
    worst: float | None = None
    largest = 0.0
    for name, theirs in source.items():
        own = np.asarray(answers[name][:count], dtype=np.float64)
        expected = np.asarray(theirs[:count], dtype=np.float64)
        if not np.isfinite(own[np.isfinite(expected)]).all():
            raise StepFailed("failed-parity", f"output {name!r} has NaN or infinite values")
        error = np.nan_to_num(own - expected)
        largest = max(largest, float(np.abs(error).max(initial=0.0)))
        decibels = sqnr_db(np.nan_to_num(expected), error)
        if theirs.dtype.kind in "biu" and precision != "fp32":
            required = min(required, REQUIRED_DB_INT8)  # classes have no distance: the score judges
        if decibels is not None and (worst is None or decibels < worst):
            worst = decibels
    if worst is not None and worst < required:
        raise StepFailed(
            "failed-parity",
            f"its answers are {round(worst, 1) + 0.0} dB from the source's; {precision} must keep "
            f"{required:.0f} dB",
            "The conversion changed what the model computes.",
        )
    return Parity(sqnr_db=worst, max_abs=largest, n=count, required_db=required)


def sqnr_db(signal: np.ndarray, error: np.ndarray) -> float | None:
    """Signal to quantization noise ratio, dB; None where there is no noise at all."""
    noise = float(np.mean(error**2)) if error.size else 0.0
    if noise == 0.0:
        return None
    power = float(np.mean(signal**2))
    return float(10 * np.log10(max(power, 1e-30) / noise))

"""The source itself, asked: its answers to samples, in its own runtime on this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness import kept
from edgeopt.harness.answering import answer_in_parts
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject
from edgeopt.pipeline.parity_check import Answers
from edgeopt.runner import sensors
from edgeopt.sources.source import Source


def shuffled(samples: Samples) -> Samples:
    """The samples in a seeded order, so that the first of them are a fair part of all."""
    return samples.take(np.random.default_rng(0).permutation(len(samples)))


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
    runners = 1 if kept.active() else max(1, sensors.cores() // subject.threads)
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
    """Shape of each of the source's outputs that is an answer, and no state."""
    return {s.name: s.sizes for s in source.outputs if s.name not in source.states}

"""What an artifact loses on corrupted inputs, beside what the source itself loses."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeopt.datasets.corruptions import CORRUPTIONS, corrupt
from edgeopt.datasets.samples import Samples
from edgeopt.domain.effects import CorruptionEffect
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.record import Record
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.jobs.told import reason
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.real_steps import sizes_of
from edgeopt.pipeline.source_model import ask
from edgeopt.pipeline.target_run import TargetRun

SAMPLES = 256  # of the confirming part: 8 kinds and levels, each answered twice


def effect_of(run: TargetRun, record: Record, name: str, level: str) -> CorruptionEffect:
    """The effect of one corruption; where it could not be had, why.

    Raises:
        DeviceFailed: the device was lost.
    """
    assert record.recipe is not None
    evaluator, context = run.evaluator, run.context
    source = score = drop = None
    n, why = 0, ""
    folder = context.folder.work / f"{run.target}-{name}-{level}"
    try:
        subject = evaluator.subject(record.recipe)
        with context.host_lock.working():
            part = _corrupted(run, name, level, folder)
            n = len(part.samples)
            answers, _ = evaluator.answers(record.recipe, subject, part)
            source, _ = part.marks(part.source)
            score, drop = part.marks(answers)
    except (BadInput, StepFailed) as error:
        source, score, why = None, None, str(error.args[0])
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # 256 photos are 150 MB
    return CorruptionEffect(
        corruption=name,
        level=level,
        what=CORRUPTIONS[name].what(level),
        n=n,
        source=source,
        score=score,
        drop=drop,
        why_null=why,
    )


def _corrupted(run: TargetRun, name: str, level: str, folder: Path) -> EvaluationSet:
    """The first confirming samples corrupted, with the source's answers, which targets share.

    Raises:
        StepFailed: the source does not answer them.
    """
    context, source, key = run.context, run.context.intake.source, f"{name}-{level}"
    held_out = context.confirm.value()
    clean = held_out.samples.take(np.arange(min(SAMPLES, len(held_out.samples))))
    samples = replace(clean, inputs=_corrupt(clean, name, level, run.call.seed, source.states))
    feed = Feed(samples.inputs, folder, source.states, sizes=sizes_of(source, samples))
    if key not in context.corrupted:
        log, timeout_s = context.folder.log("source"), run.call.source_timeout_s
        try:
            context.corrupted[key] = ask(source, context.local, feed, log, timeout_s)
        except RunnerFailed as error:
            why = reason(error, "the source does not run")
            raise StepFailed("failed-run", why) from error
    return held_out.with_inputs(samples, feed, context.corrupted[key])


def _corrupt(
    clean: Samples, name: str, level: str, seed: int, states: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """The inputs with one corruption; of sequences each step, and no state."""
    if not clean.steps:
        return corrupt(clean.inputs, name, level, seed)
    new = {key: array for key, array in clean.inputs.items() if key not in states.values()}
    steps = {key: array.reshape(-1, *array.shape[2:]) for key, array in new.items()}
    made = corrupt(steps, name, level, seed)
    return clean.inputs | {key: array.reshape(new[key].shape) for key, array in made.items()}

"""What an artifact loses on corrupted inputs, beside what the source itself loses."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeopt.datasets.corruptions import CORRUPTIONS, corrupt
from edgeopt.domain.effects import CorruptionEffect
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.record import Record
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.jobs.told import reason
from edgeopt.pipeline.evaluation_set import EvaluationSet
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
    context, key = run.context, f"{name}-{level}"
    held_out = context.confirm.value()
    clean = held_out.samples.take(np.arange(min(SAMPLES, len(held_out.samples))))
    samples = replace(clean, inputs=corrupt(clean.inputs, name, level, run.call.seed))
    feed = Feed(samples.inputs, folder)
    if key not in context.corrupted:
        log, timeout_s = context.folder.log("source"), run.call.source_timeout_s
        try:
            context.corrupted[key] = ask(context.intake.source, context.local, feed, log, timeout_s)
        except RunnerFailed as error:
            why = reason(error, "the source does not run")
            raise StepFailed("failed-run", why) from error
    return held_out.with_inputs(samples, feed, context.corrupted[key])

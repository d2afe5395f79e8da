"""The chosen artifact on corrupted inputs, beside the source: asked for, since it costs runs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.datasets import corruptions
from edgeopt.datasets.corruptions import CORRUPTIONS, LEVELS, corrupt
from edgeopt.domain.effects import CorruptionEffect
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.progress import Doing
from edgeopt.domain.record import Record
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.jobs.told import reason
from edgeopt.pipeline.evaluation_set import EvaluationSet, ask
from edgeopt.pipeline.target_run import TargetRun

SAMPLES = 256  # of the confirming part: 8 kinds and levels, each answered twice


def under_corruptions(run: TargetRun, record: Record) -> Record:
    """The record with its `corruptions`, kept; as it is where they were not asked for.

    What the chosen loses there rejects nobody: neither the source nor a choice was made for it.

    Raises:
        DeviceFailed: the device was lost.
    """
    if not run.call.corruptions:
        return record
    samples = run.context.intake.parts.confirm
    names = corruptions.applicable(samples.inputs)
    wanted = [(name, level) for name in names for level in LEVELS]
    effects = []
    for number, (name, level) in enumerate(wanted):
        run.progress(Doing("corrupting inputs", f"{name}, {level}"), number, len(wanted))
        effects.append(_effect(run, record, name, level))
    return run.keep(msgspec.structs.replace(record, corruptions=tuple(effects)))


def _effect(run: TargetRun, record: Record, name: str, level: str) -> CorruptionEffect:
    assert record.recipe is not None
    evaluator = run.evaluator
    source = score = drop = None
    n, why = 0, ""
    folder = run.context.folder.work / f"{run.placement.profile.name}-{name}-{level}"
    try:
        with evaluator.conversions.turns.working():
            asked = _exam(run, name, level, folder)
            n = len(asked.samples)
            answers, _ = evaluator.answers(record.recipe, evaluator.artifact(record.recipe), asked)
            source, _ = asked.marks(
                evaluator.judge, asked.source, evaluator.output, evaluator.max_drop
            )
            score, drop = asked.marks(
                evaluator.judge, answers, evaluator.output, evaluator.max_drop
            )
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


def _exam(run: TargetRun, name: str, level: str, folder: Path) -> EvaluationSet:
    """The first confirming samples corrupted, with the source's answers, which targets share.

    Raises:
        StepFailed: the source does not answer them.
    """
    context, key = run.context, f"{name}-{level}"
    clean = run.confirm.samples
    clean = clean.take(np.arange(min(SAMPLES, len(clean))))
    samples = replace(clean, inputs=corrupt(clean.inputs, name, level, run.call.seed))
    feed = Feed(samples.inputs, folder)
    if key not in context.corrupted:
        log = context.folder.log("source")
        try:
            context.corrupted[key] = ask(
                context.intake.source, context.local, feed, log, context.call.source_timeout_s
            )
        except RunnerFailed as error:
            why = reason(error, "the source does not run")
            raise StepFailed("failed-run", why) from error
    return EvaluationSet("confirm", samples, feed, context.corrupted[key])

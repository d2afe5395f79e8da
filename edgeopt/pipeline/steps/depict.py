"""Depict: the held-out images whose answers changed most, the source's and the chosen's drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from edgeopt.datasets.by_task import ByTask, Trial
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.settling.own import SettledOwn
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.picture import Picture
from edgeopt.domain.record import Record
from edgeopt.pipeline import pictures
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.pictures import Artist, Sample
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.tasks.alone import distances
from edgeopt.tasks.task import Task

#: A chosen one that is so slow is asked about fewer samples.
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Depict:
    """Nothing is decided by it. What cannot be drawn is left out."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not run.call.pictures:
            return Skip("it was not asked for")
        if not state.chosen:
            return Skip("nothing was chosen")
        held_out = run.context.confirm.value()
        if not isinstance(held_out.judging, ByTask):
            return Skip("there is no task whose answers can be drawn")
        if not isinstance(held_out.samples.marks, MarkedImages):
            return Skip("the samples are no images in files")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        chosen = state.chosen
        assert chosen is not None
        run.progress("drawing what changed most")
        made = _pictures(run, chosen)
        depicted = msgspec.structs.replace(chosen, pictures=made)
        return state.updated(run.recorder.keep([depicted]))


def _pictures(run: TargetRun, chosen: Record) -> tuple[Picture, ...]:
    assert chosen.recipe is not None
    held_out, folder = run.context.confirm.value(), run.context.folder.path
    judging = held_out.judging
    assert isinstance(judging, ByTask)
    measure, access = judging.metric.measure, run.evaluator.access
    try:
        subject = run.evaluator.subject(chosen.recipe)
        with access.host_lock.working():
            answers, _ = run.evaluator.answers(chosen.recipe, subject, held_out, PATIENCE_S)
            trial = judging.trial(answers)
            source, own = (trial.answers(each) for each in (held_out.source, answers))
            apart = distances(trial.task, source, own, measure)
            if len(apart) != len(trial.rows):  # of queries or pairs, and not of images
                return ()
            samples = _most_changed(held_out, trial, apart, answers)
            artist = _artist(judging, trial.task, len(run.context.intake.request.targets))
            return pictures.made(samples, artist, measure.name, folder, run.target)
    except (BadInput, StepFailed, KeyError):  # a measure that no model's answers are judged by
        return ()


def _most_changed(
    held_out: EvaluationSet, trial: Trial, apart: np.ndarray, answers: Mapping[str, np.ndarray]
) -> list[Sample]:
    marks, numbers = trial.samples.marks, trial.samples.numbers
    assert isinstance(marks, MarkedImages)
    assert numbers is not None  # they were taken from the data
    found = []
    for place in pictures.most_changed(apart):
        row = int(trial.rows[place])
        source, chosen = (
            {name: each[row] for name, each in outputs.items()}
            for outputs in (held_out.source, answers)
        )
        found.append(
            Sample(
                number=int(numbers[place]),
                path=marks.annotated.images[place],
                place=marks.placements[place],
                apart=float(apart[place]),
                source=source,
                chosen=chosen,
            )
        )
    return found


def _artist(judging: ByTask, task: Task[Any, Any, Any], targets: int) -> Artist:
    """One that keeps to its part of the page: the targets share it."""
    facts = msgspec.to_builtins(judging.settled.facts)
    most = pictures.MOST_BYTES // (2 * pictures.MOST * targets)

    def own(outputs: Mapping[str, np.ndarray], place: Placement) -> Any:
        answers = task.answers({name: each[None] for name, each in outputs.items()}, [place])
        return answers[0] if isinstance(answers, list) else None

    is_own = isinstance(judging.settled, SettledOwn)
    return Artist(facts, own if is_own else None, most)

"""Depict: the held-out images whose answers changed most, the source's and the chosen's drawn."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.domain.picture import PROBABILITY, Picture
from edgeopt.domain.record import Record
from edgeopt.domain.task import TaskFacts
from edgeopt.jobs.told import reason
from edgeopt.pipeline import pictures, reclassified
from edgeopt.pipeline.changed_samples import artist_of, changed, share
from edgeopt.pipeline.pictures import Artist
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun

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
        if _classifier(run) is not None:
            return None
        if not isinstance(held_out.judging, ByTask):
            return Skip("there is no task whose answers can be drawn")
        if not isinstance(held_out.samples.marks, MarkedImages):
            return Skip("the samples are no images in files")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        chosen = state.chosen
        assert chosen is not None
        run.progress("drawing what changed most")
        depicted = msgspec.structs.replace(chosen, pictures=_pictures(run, chosen))
        return state.updated(run.recorder.keep([depicted]))


def _classifier(run: TargetRun) -> TaskFacts | None:
    """What a classifier of images in files is; None where the model is none."""
    context = run.context
    intake, scoring = context.intake, context.scoring
    if scoring.settled is not None:
        return None
    samples = context.confirm.value().samples
    return reclassified.facts(scoring.metric.name, scoring.output, intake.source, samples)


def _pictures(run: TargetRun, chosen: Record) -> tuple[Picture, ...]:
    assert chosen.recipe is not None
    context, evaluator = run.context, run.evaluator
    held_out = context.confirm.value()
    judging, classifier = held_out.judging, _classifier(run)
    try:
        subject = evaluator.subject(chosen.recipe)
        with evaluator.access.host_lock.working():
            answers, _ = evaluator.answers(chosen.recipe, subject, held_out, PATIENCE_S)
            targets = len(context.intake.request.targets)
            if classifier is not None:
                theirs = held_out.source
                samples = reclassified.changed(classifier, held_out.samples, theirs, answers)
                artist = Artist(msgspec.to_builtins(classifier), None, share(samples, targets))
                measure = PROBABILITY
            else:
                assert isinstance(judging, ByTask)
                samples = changed(judging, answers)
                artist = artist_of(judging, samples, targets)
                measure = judging.metric.name
            return pictures.made(samples, artist, measure, context.folder.path, run.target)
    except Exception as error:
        # A full disk, a photo that is gone, a measure that no model's answers are judged by, a task
        # of the user's that fails: a finished run is not lost for its pictures.
        run.progress(reason(error, "nothing is drawn"))
        return ()

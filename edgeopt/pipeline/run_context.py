"""What the devices of one run share: conversions, what judges, the journal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgeopt.datasets.by_metric import metric_for
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.datasets.training import training_samples
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, titled
from edgeopt.domain.record import Record
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.jobs.scratch import last_lines
from edgeopt.jobs.told import told
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.conversions import Conversions
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.once import Once
from edgeopt.pipeline.parity_check import Answers
from edgeopt.pipeline.recorder import Recorder
from edgeopt.pipeline.scoring import Scoring
from edgeopt.pipeline.source_model import ask, shuffled
from edgeopt.pipeline.stages import Stages
from edgeopt.store.run_folder import RunFolder


@dataclass(frozen=True)
class RunContext:
    """One run at work.

    Attributes:
        local: this machine, where the source answers.
        earlier: what an interrupted run found, by the keys of records.
        choose: the part that ranks candidates.
        confirm: the part that is held out; the source is asked about it when first needed.
        corrupted: the source's answers to corrupted samples, which targets share.
    """

    call: Call
    intake: Intake
    folder: RunFolder
    local: Local
    host_lock: HostLock
    stages: Stages
    conversions: Conversions
    recorder: Recorder
    scoring: Scoring
    choose: EvaluationSet
    confirm: Once[EvaluationSet]
    earlier: Mapping[tuple[str, str, str], Record]
    corrupted: dict[str, Answers] = field(default_factory=dict)

    def evaluation_sets(self) -> tuple[EvaluationSet, ...]:
        """Those that the source was asked about so far."""
        confirm = self.confirm.if_made
        return (self.choose, *([confirm] if confirm else []))


@contextlib.contextmanager
def opened(
    call: Call,
    intake: Intake,
    folder: RunFolder,
    listener: Listener,
    local: Local | None = None,
) -> Iterator[RunContext]:
    """Everything that a run needs; scratch files are removed when it is left.

    Raises:
        BadInput: the source does not run, or its answers cannot be scored as asked.
    """
    here, stop, host_lock = local or Local(), threading.Event(), HostLock()
    recorder = Recorder(folder.journal, listener, stop)
    with contextlib.ExitStack() as stack:
        for ending in (folder.clear_work, here.close, recorder.stop):
            stack.callback(ending)  # the last of them first
        folder.clear_work()
        asking = _Asking(call, intake, folder, here, listener)
        samples, feed, answers = asking.about("choose", intake.parts.choose)
        scoring = _scoring(call, intake, samples, answers, listener)
        choose = EvaluationSet("choose", samples, feed, answers, scoring)
        _require_slices(choose)
        stages = _stages(call, intake, folder, host_lock, recorder, scoring, stop)
        calibrate, timeout_s = intake.parts.calibrate, call.step_timeout_s
        conversions = Conversions(
            intake.source, calibrate, folder, timeout_s, host_lock, stages, stop
        )
        for ending in (conversions.close, recorder.stop):
            stack.callback(ending)

        def confirm() -> EvaluationSet:
            with host_lock.working():
                held_out = asking.about("confirm", intake.parts.confirm)
                return EvaluationSet("confirm", *held_out, scoring)

        yield RunContext(
            call=call,
            intake=intake,
            folder=folder,
            local=here,
            host_lock=host_lock,
            stages=stages,
            conversions=conversions,
            recorder=recorder,
            scoring=scoring,
            choose=choose,
            confirm=Once(confirm),
            earlier={record.key: record for record in folder.journal.records()},
        )


@dataclass(frozen=True)
class _Asking:
    """Asks the source about the parts of the data."""

    call: Call
    intake: Intake
    folder: RunFolder
    local: Local
    listener: Listener

    def about(self, part: str, samples: Samples) -> tuple[Samples, Feed, Answers]:
        """The samples of a part shuffled, their files, and the source's own answers.

        Raises:
            BadInput: the source does not run.
        """
        samples = shuffled(samples)
        feed, log = Feed(samples.inputs, self.folder.work / part), self.folder.log("source")
        progress = titled(self.listener, f"asking the source ({part})")
        try:
            timeout_s = self.call.source_timeout_s
            answers = ask(self.intake.source, self.local, feed, log, timeout_s, progress)
        except RunnerFailed as error:
            # The folder goes with the refusal, and the log in it.
            otherwise = BadInput(f"the source model does not run: {error.args[0]}", last_lines(log))
            raise told(error, otherwise) from error
        return samples, feed, answers


def _scoring(
    call: Call, intake: Intake, samples: Samples, answers: Answers, listener: Listener
) -> Scoring:
    """By the task that is settled, or by a metric of one output.

    Raises:
        BadInput: the source's answers cannot be scored as asked.
    """
    asked, output = intake.request.metric, intake.output
    given = Given(call.task, asked, samples, answers, intake.source.inputs, output)
    settled = settle(given)
    metric = (
        metric_for(asked, samples, answers, output, intake.source.batch_axis(output), listener)
        if settled is None
        else metric_of(settled, asked, samples)
    )
    return Scoring(metric, output, call.constraints, call.slice_by, settled)


def _stages(
    call: Call,
    intake: Intake,
    folder: RunFolder,
    host_lock: HostLock,
    recorder: Recorder,
    scoring: Scoring,
    stop: threading.Event,
) -> Stages:
    """What makes smaller forms of the source."""
    return Stages(
        intake.source,
        training_samples(intake.parts.calibrate, intake.train),
        intake.output,
        folder,
        call.step_timeout_s,
        host_lock,
        recorder.tell,
        folder.path / "tensorboard" if call.tensorboard else None,
        stop,
        None if scoring.settled is None else scoring.settled.facts,
    )


def _require_slices(choose: EvaluationSet) -> None:
    """Refuse a bound on slices where there are none.

    Raises:
        BadInput: there are none.
    """
    scoring = choose.scoring
    if scoring.slices_decide and not choose.slices(choose.source):
        raise BadInput(
            f"--max-slice-drop has no slices to hold: {scoring.metric.name} has no classes here.",
            "Name a column of the data with --slice-by.",
        )

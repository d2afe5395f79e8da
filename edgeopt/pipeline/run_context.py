"""What the devices of one run share: conversions, what judges, the journal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import CALIBRATE_MOST
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
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.conversions import Conversions
from edgeopt.pipeline.earlier_results import EarlierResults, results_for
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.here import Here
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.once import Once
from edgeopt.pipeline.parity_check import Answers
from edgeopt.pipeline.real_steps import feed_of, single_steps
from edgeopt.pipeline.recorder import Recorder
from edgeopt.pipeline.run_environment import local_machine, telling
from edgeopt.pipeline.scoring import Scoring, scoring_of
from edgeopt.pipeline.seen_before import SeenBefore, family_of
from edgeopt.pipeline.source_model import ask, shuffled
from edgeopt.pipeline.stages import Stages
from edgeopt.store import results_cache
from edgeopt.store.experience import Experience
from edgeopt.store.results_cache import ResultsCache
from edgeopt.store.run_folder import RunFolder


@dataclass(frozen=True)
class RunContext:
    """One run at work.

    Attributes:
        local: this machine, where the source answers.
        earlier: what an interrupted run found, by the keys of records.
        choose: the part that ranks candidates.
        confirm: the part that is held out; the source is asked about it when first needed.
        results: what earlier runs on this machine found.
        seen_before: what earlier runs came to on targets; it orders what is tried within a time.
        clock: of the whole call; None: it may take as long as it needs.
        corrupted: the source's answers to corrupted samples, which targets share.
        here: what this machine told of forms for targets that are not at hand.
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
    results: EarlierResults
    seen_before: SeenBefore
    clock: Clock | None = None
    corrupted: dict[str, Answers] = field(default_factory=dict)
    here: Here = field(default_factory=Here)

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
    host_lock: HostLock | None = None,
    clock: Clock | None = None,
) -> Iterator[RunContext]:
    """Everything that a run needs; scratch files are removed when it is left.

    Args:
        host_lock: None: one of this process alone.

    Raises:
        BadInput: the source does not run, or its answers cannot be scored as asked.
    """
    here, stop, host_lock = local or Local(), threading.Event(), host_lock or HostLock()
    recorder = Recorder(folder.journal, listener, stop)
    timeout_s = call.step_timeout_s
    with contextlib.ExitStack() as stack:
        for ending in (folder.clear_work, here.close):
            stack.callback(ending)  # the last of them first
        folder.clear_work()
        asking = _Asking(call, intake, folder, here, listener)
        calibrate = asking.single("calibrate", intake.parts.calibrate)
        train = intake.train and asking.single("train", intake.train)
        samples, feed, answers = asking.about("choose", intake.parts.choose)
        scoring = scoring_of(intake.request, intake.source, samples, answers, listener)
        choose = EvaluationSet("choose", samples, feed, answers, scoring)
        choose.judging.doubts()  # a measure that is not defined on this data is refused here
        _require_slices(choose)
        stages = Stages(
            intake.source,
            training_samples(calibrate, train),
            intake.output,
            folder,
            timeout_s,
            host_lock,
            recorder.tell,
            folder.path / "tensorboard" if call.tensorboard else None,
            stop,
            None if scoring.settled is None else scoring.settled.facts,
        )
        results = results_for(
            ResultsCache(None if call.fresh else results_cache.root()),
            intake.source,
            intake.request,
            calibrate.sha256(),
            telling(local_machine()),
        )
        conversions = Conversions(
            intake.source,
            calibrate,
            folder,
            timeout_s,
            host_lock,
            results,
            stages,
            stop,
            intake.batched,
            clock,
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
            results=results,
            seen_before=SeenBefore(
                Experience(None if call.fresh else results_cache.root()), family_of(intake.source)
            ),
            clock=clock,
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
        with self._refusing() as log:
            source, timeout_s = self.intake.source, self.call.source_timeout_s
            feed = feed_of(source, samples, self.folder.work / part, self.local, log, timeout_s)
            progress = titled(self.listener, f"asking the source ({part})")
            answers = ask(source, self.local, feed, log, timeout_s, progress)
        return samples, feed, answers

    def single(self, part: str, samples: Samples) -> Samples:
        """Of sequences single steps with their states, as many as calibrate at most.

        Raises:
            BadInput: the source does not run.
        """
        with self._refusing() as log:
            folder, timeout_s = self.folder.work / part, self.call.source_timeout_s
            return single_steps(
                self.intake.source, samples, CALIBRATE_MOST, folder, self.local, log, timeout_s
            )

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[Path]:
        """Where the source is asked, with its log: that it does not run is bad input."""
        log = self.folder.log("source")
        try:
            yield log
        except RunnerFailed as error:
            # The folder goes with the refusal, and the log in it.
            otherwise = BadInput(f"the source model does not run: {error.args[0]}", last_lines(log))
            raise told(error, otherwise) from error


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

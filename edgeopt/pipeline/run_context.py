"""What the devices of one run share: exams, conversions, the journal. A context manager."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from edgeopt.datasets import doubts, likeness, scores
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.training import training_samples
from edgeopt.devices.device import Device
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, titled
from edgeopt.domain.record import Record
from edgeopt.domain.score import FEWEST_GROUPS
from edgeopt.harness.client import RunnerFailed
from edgeopt.jobs.scratch import last_lines
from edgeopt.jobs.told import told
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.conversions import Conversions
from edgeopt.pipeline.evaluation_set import EvaluationSet, exam, metric_for
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.parity_check import Answers
from edgeopt.pipeline.stages import Stages
from edgeopt.store.run_folder import RunFolder


class Stopped(Exception):
    """The run has ended while a device was still at work."""


class RunContext:
    """One run at work. On leaving, scratch files are removed."""

    def __init__(
        self,
        call: Call,
        intake: Intake,
        folder: RunFolder,
        progress: Listener,
        local: Local | None = None,
    ) -> None:
        self.call, self.intake, self.folder, self.progress = call, intake, folder, progress
        self.local = local or Local()
        self.turns = HostLock()
        self.stages = Stages(
            intake.source,
            training_samples(intake.parts.calibrate, intake.train),
            intake.output,
            folder,
            call.step_timeout_s,
            self.turns,
            self.tell,
        )
        self.conversions = Conversions(
            intake.source,
            intake.parts.calibrate,
            folder,
            call.step_timeout_s,
            self.turns,
            self.stages,
        )
        self.stages.stop = self.conversions.stop
        self.earlier = {record.key: record for record in folder.journal.records()}
        self._confirm: EvaluationSet | None = None
        self.corrupted: dict[str, Answers] = {}
        self._asking, self._writing = threading.Lock(), threading.Lock()
        self._stopped = False

    def __enter__(self) -> RunContext:
        try:
            self.folder.clear_work()
            self._choose = self._exam("choose", self.intake.parts.choose)
            wanted = self.intake.request.metric
            axis = self.intake.source.batch_axis(self.intake.output)
            output = self.intake.output
            self.judge = metric_for(wanted, self._choose, output, axis, self.progress)
            self._require_slices()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _require_slices(self) -> None:
        """Refuse a bound on slices where there are none."""
        if self.call.constraints.max_slice_drop is None:
            return
        answers = self._choose.source
        if not self._choose.slices(self.judge, answers, self.intake.output, self.call.slice_by, 0):
            raise BadInput(
                f"--max-slice-drop has no slices to hold: {self.judge.name} has no classes here.",
                "Name a column of the data with --slice-by.",
            )

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.conversions.close()
        self.local.close()
        self.folder.clear_work()

    def stop(self) -> None:
        """Nothing more is written down: what fails from now on fails because of the end."""
        with self._writing:
            self._stopped = True
        self.conversions.stop.set()

    def tell(self, what: str, done: int = 0, total: int = 0) -> None:
        """Tell the progress.

        Raises:
            Stopped: the run has ended.
        """
        if self._stopped:
            raise Stopped
        self.progress(what, done, total)

    def evaluator(self, device: Device, absent: Mapping[str, str] | None = None) -> Evaluator:
        """What answers and scores on a device; `absent` as `Evaluator` has it."""
        return Evaluator(
            conversions=self.conversions,
            choose=self._choose,
            judge=self.judge,
            output=self.intake.output,
            max_drop=self.call.constraints.max_drop,
            device=device,
            slice_by=self.call.slice_by,
            max_slice_drop=self.call.constraints.max_slice_drop,
            absent=absent or {},
        )

    def _exam(self, part: str, samples: Samples) -> EvaluationSet:
        log = self.folder.log("source")
        try:
            return exam(
                part,
                samples,
                self.intake.source,
                self.local,
                self.folder.work / part,
                log,
                self.call.source_timeout_s,
                titled(self.progress, f"asking the source ({part})"),
            )
        except RunnerFailed as error:
            # The folder goes with the refusal, and the log in it.
            otherwise = BadInput(f"the source model does not run: {error.args[0]}", last_lines(log))
            raise told(error, otherwise) from error

    @property
    def confirm(self) -> EvaluationSet:
        """The part that is held out; the source is asked about it when first needed."""
        with self._asking:
            if self._confirm is None:
                with self.turns.working():
                    self._confirm = self._exam("confirm", self.intake.parts.confirm)
            return self._confirm

    def keep(self, record: Record) -> Record:
        """Append a record to the journal.

        Raises:
            Stopped: the run has ended.
        """
        with self._writing:
            if self._stopped:
                raise Stopped
            self.folder.journal.append(record)
        return record

    def doubts(self) -> tuple[str, ...]:
        """What is told first of all: why scores may say little, and what is not scored."""
        output = self.intake.output
        samples, _, theirs = self._choose.answered(self._choose.source, output)
        told = doubts.doubts(self.judge, output, theirs, samples.labels)
        faint = (a for name, each in self._choose.source.items() for a in doubts.faint(name, each))
        total = sum(len(one.samples) for one in self._exams)
        left_out = doubts.unanswered_samples(self.unscored(), total)
        return tuple(map(str, (*told, *faint, *left_out)))

    def unscored(self) -> tuple[int, ...]:
        """Numbers of the samples that the source answers with NaN, of all parts asked so far."""
        found: list[int] = []
        for one in self._exams:
            left_out, numbers = one.unscored(self.intake.output), one.samples.numbers
            found += (left_out if numbers is None else numbers[left_out]).tolist()
        return tuple(sorted(found))

    @property
    def _exams(self) -> tuple[EvaluationSet, ...]:
        return (self._choose, *([self._confirm] if self._confirm else []))

    def warnings(self) -> tuple[str, ...]:
        """What to know of the metric, the parts' sizes, and samples that look alike."""
        allowed = self.call.constraints.max_drop
        parts = (self.intake.parts.choose, self.intake.parts.confirm)
        found = [
            str(advice)
            for samples in parts
            for advice in scores.too_few(self.judge, len(samples), samples.groups, allowed)
        ]
        for part in self._exams:
            alike = part.alike(self.intake.output)
            if alike is not None and int(alike.max()) < FEWEST_GROUPS - 1:
                found.append(str(likeness.advice(alike)))
        return tuple(dict.fromkeys([*map(str, self.judge.advice), *found]))

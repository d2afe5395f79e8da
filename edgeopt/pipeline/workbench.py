"""What the steps of one run share: the exams, the workshop, the journal. A context manager."""

from __future__ import annotations

import msgspec

from edgeopt.datasets import scores
from edgeopt.datasets.samples import Samples
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.harness.client import RunnerFailed
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.judge import Exam, exam, metric_for
from edgeopt.pipeline.workshop import Workshop, blank
from edgeopt.store.run_folder import RunFolder


class Workbench:
    """One run at work. On leaving, scratch files and the device's are removed."""

    def __init__(
        self, call: Call, intake: Intake, folder: RunFolder, progress: Listener
    ) -> None:
        self.call, self.intake, self.folder, self.progress = call, intake, folder, progress
        self.device = Local()
        self._confirm: Exam | None = None
        self._earlier = {record.key: record for record in folder.journal.records()}

    def __enter__(self) -> Workbench:
        try:
            self.folder.clear_work()
            choose = self._exam("choose", self.intake.parts.choose)
            self.judge = metric_for(self.intake.request.metric, choose, self.intake.output)
        except BaseException:
            self.__exit__()
            raise
        self.shop = Workshop(
            source=self.intake.source,
            calibration=self.intake.parts.calibrate,
            choose=choose,
            judge=self.judge,
            output=self.intake.output,
            max_drop=self.call.constraints.max_drop,
            folder=self.folder,
            device=self.device,
            timeout_s=self.call.step_timeout_s,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.device.close()
        self.folder.clear_work()

    def _exam(self, part: str, samples: Samples) -> Exam:
        total = len(samples)
        log = self.folder.log("source")
        try:
            return exam(
                part,
                samples,
                self.intake.source,
                self.device,
                self.folder.work / part,
                log,
                self.call.step_timeout_s,
                lambda done: self.progress(f"asking the source ({part})", done, total),
            )
        except RunnerFailed as error:
            raise BadInput(
                f"the source model does not run: {error.args[0]}", f"Its output is in {log}."
            ) from error

    @property
    def confirm(self) -> Exam:
        """The part that no choice has seen; the source is asked about it when first needed."""
        if self._confirm is None:
            self._confirm = self._exam("confirm", self.intake.parts.confirm)
        return self._confirm

    def keep(self, record: Record) -> Record:
        """Append a record to the journal."""
        self.folder.journal.append(record)
        return record

    def candidate(
        self, target: str, recipe: Recipe, here: bool, number: int, total: int
    ) -> Record:
        """Convert and score one recipe, or take what an interrupted run found.

        Args:
            here: whether this machine is of the target, so that it can be measured.
        """
        self.progress(f"{target}: {recipe}", number, total)
        empty = blank(target, self.device.name if here else "none", recipe)
        earlier = self._earlier.get(empty.key)
        if earlier is not None and (earlier.status != "ok" or self._still_there(earlier)):
            return earlier
        record = self.shop.candidate(empty, recipe)
        reason = "not measured yet" if here else f"this machine is no {target}"
        return self.keep(msgspec.structs.replace(record, latency_reason=reason))

    def _still_there(self, record: Record) -> bool:
        assert record.recipe is not None
        artifact = self.folder.artifact(record.recipe.conversion_id)
        return artifact is not None and artifact.sha256 == record.sha256

    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the size of the confirming part."""
        samples, allowed = self.intake.parts.confirm, self.call.constraints.max_drop
        found = scores.too_few(self.judge, len(samples), samples.groups, allowed)
        return tuple(str(advice) for advice in found)

"""What the steps of one run share: the exams, the workshop, the journal. A context manager."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

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
from edgeopt.pipeline.intake import SOURCE_LIMIT_S, Intake
from edgeopt.pipeline.judge import Exam, exam, metric_for
from edgeopt.pipeline.workshop import Workshop, blank
from edgeopt.store.run_folder import RunFolder


class Workbench:
    """One run at work. On leaving, scratch files and the device's are removed."""

    def __init__(self, call: Call, intake: Intake, folder: RunFolder, progress: Listener) -> None:
        self.call, self.intake, self.folder, self.progress = call, intake, folder, progress
        self.device = Local()
        self._confirm: Exam | None = None
        # One conversion runs ahead while the candidate before it is scored; nothing is timed then.
        self._converter = ThreadPoolExecutor(max_workers=1)
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
        self._converter.shutdown(cancel_futures=True)
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
                SOURCE_LIMIT_S,
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

    def candidates(self, target: str, recipes: Sequence[Recipe], here: bool) -> list[Record]:
        """Convert and score every recipe, or take what an interrupted run found.

        Args:
            here: whether this machine is of the target, so that it can be measured.
        """
        blanks = [blank(target, self.device.name if here else "none", r) for r in recipes]
        for empty, recipe in zip(blanks, recipes, strict=True):
            if self._known(empty) is None:
                self._converter.submit(self.shop.prepare, recipe)
        return [
            self._candidate(empty, recipe, here, number, len(recipes))
            for number, (empty, recipe) in enumerate(zip(blanks, recipes, strict=True))
        ]

    def _candidate(
        self, empty: Record, recipe: Recipe, here: bool, number: int, total: int
    ) -> Record:
        self.progress(f"{empty.target}: {recipe}", number, total)
        known = self._known(empty)
        if known is not None:
            return known
        record = self.shop.candidate(empty, recipe)
        reason = "not measured yet" if here else f"this machine is no {empty.target}"
        return self.keep(msgspec.structs.replace(record, latency_reason=reason))

    def _known(self, empty: Record) -> Record | None:
        """What an interrupted run found for a recipe, where its artifact is still there."""
        earlier = self._earlier.get(empty.key)
        if earlier is None or earlier.status == "timeout":  # the limit may be another now
            return None
        if earlier.status == "ok" and not self._still_there(earlier):
            return None
        return earlier

    def _still_there(self, record: Record) -> bool:
        assert record.recipe is not None
        artifact = self.folder.artifact(record.recipe.conversion_id)
        return artifact is not None and artifact.sha256 == record.sha256

    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the size of the confirming part."""
        allowed = self.call.constraints.max_drop
        parts = (self.intake.parts.choose, self.intake.parts.confirm)
        found = [
            str(advice)
            for samples in parts
            for advice in scores.too_few(self.judge, len(samples), samples.groups, allowed)
        ]
        return tuple(dict.fromkeys(found))

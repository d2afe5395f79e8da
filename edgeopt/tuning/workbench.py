"""Converts, scores and times one model after the other for the same question.

What takes long is done once: devices are looked for once, children are forked from a process that
has imported what they need (`jobs/warm.py`), runners live on (`harness/kept.py`), each structure is
timed once for each device (`timing.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgeopt import targets
from edgeopt.domain.errors import NoNumbers
from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.recipe import Recipe
from edgeopt.harness import kept
from edgeopt.jobs import disk, scratch, warm
from edgeopt.pipeline import run_context
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.run_environment import local_machine
from edgeopt.sources import load
from edgeopt.store.run_folder import RunFolder
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.question import NO_STRUCTURE, Question
from edgeopt.tuning.timing import Clock, Timed, Times


@dataclass
class Workbench:
    """See the module's head. Made by `opened`; by one thread at a time.

    Attributes:
        clock: what was timed.
        work: a scratch folder.
        lock: whose turn it is here, where other processes work beside this one.
        placements: where each target is asked; found when it is first needed.
    """

    asked: Asked
    work: Path
    pool: DevicePool
    clock: Times
    progress: Listener = silent
    lock: HostLock = field(default_factory=HostLock)
    placements: list[Placement] = field(default_factory=list)

    def timed_targets(self) -> tuple[str, ...]:
        """Those that a device at hand is of, and whose latency is measured."""
        if not self.placements:
            profiles = [targets.load(name) for name in self.asked.targets]
            self.placements = self.pool.placements(profiles, self.asked.devices)
        return tuple(one.profile.name for one in self.placements if one.timed and not one.lost)

    def evaluate(
        self, model: Path, trust: bool = False, *, scored: bool = True, timed: bool = True
    ) -> tuple[Evaluation, ...]:
        """What a model comes to on each target.

        Args:
            trust: its file was written by edgeopt itself.
            scored: else it is only converted and timed: for a network before it is trained.
            timed: else latency and energy stay null.

        Raises:
            BadInput, NotInstalled: the model, the data or the request is unusable.
            CannotWrite: a disk is full. DeviceFailed: a device was lost.
        """
        with self._questions(model, trust) as questions:
            if scored:
                _require_numbers(questions[0].context)
            return tuple(one.answer(scored=scored, timed=timed) for one in questions)

    def times(self, model: Path, target: str, recipes: Sequence[Recipe]) -> dict[str, Timed]:
        """How long forms of a model take on the device of one target, by the recipes' ids.

        Raises:
            As `evaluate`; and StepFailed: a form cannot be made.
        """
        with self._questions(model, trust=True) as questions:
            [one] = [one for one in questions if one.placement.profile.name == target]
            return one.times(recipes)

    @contextlib.contextmanager
    def _questions(self, model: Path, trust: bool) -> Iterator[list[Question]]:
        """A model, read and ready to be asked about on each target."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(scratch.folder("edgeopt-evaluate-")))
            (folder / "work").mkdir()
            call = self.asked.call(model, folder / "run", trust)
            self.timed_targets()
            with self.lock.working():
                intake = take_in(call, folder / "work", self.progress)
                structure = NO_STRUCTURE
                if intake.source.onnx is not None:
                    structure = load.structure(
                        intake.source, folder / "structure.log", call.source_timeout_s
                    )
                run_folder, local = RunFolder(folder / "run"), self.pool.local
                context = stack.enter_context(
                    run_context.opened(call, intake, run_folder, self.progress, local, self.lock)
                )
            form = self.asked.form
            yield [
                Question(context, one, structure, self.clock, folder, form)
                for one in self.placements
            ]


@contextlib.contextmanager
def opened(
    asked: Asked, progress: Listener = silent, lock: HostLock | None = None
) -> Iterator[Workbench]:
    """A workbench; what it keeps alive ends with the context.

    Raises:
        BadInput: there is no such device.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(disk.ending())
        stack.enter_context(warm.children())
        stack.enter_context(kept.keeping())
        work = Path(stack.enter_context(scratch.folder("edgeopt-workbench-")))
        pool = DevicePool(local_machine(), work / "devices.log", progress)
        stack.callback(pool.close)
        pool.require(asked.devices)
        yield Workbench(asked, work, pool, Clock(asked.cache), progress, lock or HostLock())


def _require_numbers(context: RunContext) -> None:
    """Refuse a model whose every answer is no number: its training diverged."""
    output = context.scoring.output
    answers = np.asarray(context.choose.source[output])
    if answers.dtype.kind == "f" and answers.size and not np.isfinite(answers).any():
        raise NoNumbers(
            f"the model answers every sample with NaN or infinity in its output {output!r}.",
            "Its training diverged: a smaller learning rate, or other bounds of it, may do.",
        )

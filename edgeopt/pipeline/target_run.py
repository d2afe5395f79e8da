"""One target at work in a run: what every step is given besides the state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

import msgspec

from edgeopt import runtimes
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.progress import Doing
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.target import Profile
from edgeopt.domain.untimed import Untimed
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.device_access import DeviceAccess
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.record_ends import blank
from edgeopt.pipeline.recorder import Recorder
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.run_environment import telling
from edgeopt.report import untimed_words
from edgeopt.search.space import Space
from edgeopt.sources.source import Source


@dataclass(frozen=True)
class TargetRun:
    """One target's device, by one thread: what is asked of it, what is known of it.

    Attributes:
        target: the profile's name.
        evaluator: of the target's device; of this machine, where there is none of the target.
        context: what all targets share.
        clock: of this target's part of the call's time; None: it takes as long as it needs.
    """

    target: str
    call: Call
    placement: Placement
    space: Space
    source: Source
    evaluator: Evaluator
    recorder: Recorder
    context: RunContext
    clock: Clock | None = None

    def progress(self, what: str, done: int = 0, total: int = 0) -> None:
        """See `Recorder.tell`; says where, if that is not this machine."""
        access = self.evaluator.access
        where = "" if access.is_here else f" on {access.device.name}"
        doing = what if isinstance(what, Doing) else Doing(what)
        self.recorder.tell(doing.at(where), done, total)

    def evaluated(self, recipes: Sequence[Recipe]) -> list[Record]:
        """Convert and score every recipe, or take what an interrupted run found.

        Raises:
            DeviceFailed: the device was lost; what was found before is kept.
        """
        blanks = [self._blank(recipe) for recipe in recipes]
        known = [self._known(empty) for empty in blanks]
        conversions = self.context.conversions
        prepared = {
            number: conversions.prepare(recipe)
            for number, recipe in enumerate(recipes)
            if known[number] is None
        }
        records: dict[int, Record] = {}
        for number in _as_made(len(recipes), prepared):
            self.progress(Doing(self.target, recipes[number]), len(records), len(recipes))
            records[number] = known[number] or self._candidate(blanks[number], recipes[number])
        return [records[number] for number in range(len(recipes))]

    @property
    def due(self) -> Clock:
        """The clock of a call with a time: only its steps ask for it."""
        assert self.clock is not None
        return self.clock

    def can_time(self, record: Record) -> bool:
        """Whether a candidate runs here in its own runtime."""
        return record.status == "ok" and record.runtime not in self.placement.absent

    def can_mend(self, record: Record) -> bool:
        """Whether it is worth timing though it was refused: its refined forms may do."""
        return record.mendable and record.runtime not in self.placement.absent

    def _blank(self, recipe: Recipe) -> Record:
        """A record of which nothing is known, but that it is of a run without data."""
        empty = blank(self.target, self.placement.name, recipe)
        if not self.context.scoring.unscored:
            return empty
        return msgspec.structs.replace(empty, random_inputs=True, latency_only=recipe.is_calibrated)

    def _candidate(self, empty: Record, recipe: Recipe) -> Record:
        record = self.evaluator.candidate(empty, recipe)
        absent = self.placement.absent.get(recipe.runtime)
        if absent is not None and record.status == "ok":
            record = _by_another(record, absent)
        elif self.placement.timed:
            record = untimed_words.without_latency(record, "not-yet")
        else:
            record = untimed_words.in_words(record, why_nowhere(self.placement.profile))
        [record] = self.recorder.keep([record])
        if self._told and record.given_up is None:
            self.context.results.keep_record(record, self._told, self.call.constraints)
        return record

    @property
    def _told(self) -> dict[str, Any]:
        """What tells the machine that answers, and what is not there; {} of one that is unknown."""
        machine = telling(self.evaluator.access.machine)
        return machine and {**machine, "absent": dict(self.placement.absent)}

    def _earlier(self, empty: Record) -> Record | None:
        """What an earlier run on this machine found for a recipe; its artifact is there now."""
        if not self._told:
            return None
        limits = self.call.constraints
        record = self.context.results.record(empty, self._told, limits)
        if record is None or record.recipe is None:
            return None
        with contextlib.suppress(StepFailed):  # nobody has its artifact any more
            self.context.conversions.artifact(record.recipe)
        if record.status == "ok" and not self._still_there(record):
            return None
        self.recorder.keep([record])
        return record

    def _known(self, empty: Record) -> Record | None:
        """What an interrupted run found for a recipe, where its artifact is still there."""
        earlier = self.context.earlier.get(empty.key) or self._earlier(empty)
        if earlier is None or earlier.status == "timeout":  # the limit may be another now
            return None
        if earlier.status == "ok" and not self._still_there(earlier):
            return None
        return earlier

    def _still_there(self, record: Record) -> bool:
        assert record.recipe is not None
        folder = self.context.folder
        artifact = folder.artifact(record.recipe.conversion_id)
        return artifact is not None and artifact.sha256 == record.sha256


def at_work(context: RunContext, placement: Placement, space: Space) -> TargetRun:
    """One target of a run, ready for its steps."""
    its_own = placement.answers
    device = placement.device if its_own and placement.device else context.local
    machine = None if placement.answered_here else placement.machine
    plain = [r for r in space.recipes if r.precision == "fp32" and not r.compression]
    evaluator = Evaluator(
        context.conversions,
        context.choose,
        DeviceAccess(device, context.folder, context.host_lock, machine or {}),
        placement.absent,
        {recipe.runtime: recipe for recipe in reversed(plain)},  # the first of each
        context.clock is not None,
    )
    return TargetRun(
        target=placement.profile.name,
        call=context.call,
        placement=placement,
        space=space,
        source=context.intake.source,
        evaluator=evaluator,
        recorder=context.recorder,
        context=context,
        clock=context.clock,
    )


def _as_made(count: int, prepared: Mapping[int, Future[None]]) -> Iterator[int]:
    """Numbers below `count`: the first whose artifact is there, or that waits for none.

    While a slow conversion goes on, what comes after it is scored.
    """
    left = list(range(count))
    while left:
        ready = [number for number in left if number not in prepared or prepared[number].done()]
        if ready:
            left.remove(ready[0])
            yield ready[0]
        else:
            wait([prepared[number] for number in left], return_when=FIRST_COMPLETED)


def _by_another(record: Record, why: str) -> Record:
    """A candidate that another runtime answered for: it has a score, and no latency."""
    stand_in = runtimes.spec(record.runtime).stand_in
    note = f"answered by {stand_in} on the CPU in place of {record.runtime}"
    return msgspec.structs.replace(
        untimed_words.without_latency(record, "no-engine", detail=why),
        hint="Name a machine that has one: --device ssh://USER@HOST. See docs/tensorrt.md.",
        notes=(*record.notes, note),
    )


def why_nowhere(profile: Profile) -> Untimed:
    """Why nothing is timed for a target that no device serves."""
    return Untimed(kind="no-match" if profile.match is None else "no-device", subject=profile.name)

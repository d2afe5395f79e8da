"""One device at work in a run: its targets' candidates, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import msgspec

from edgeopt import runtimes
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.progress import Doing
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.target import Profile
from edgeopt.domain.untimed import Untimed
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.evaluator import Evaluator
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.record_ends import blank
from edgeopt.pipeline.run_context import RunContext
from edgeopt.report import untimed_words


class TargetRun:
    """Answers are asked and times are taken on one device, by one thread.

    Args:
        evaluator: of that device; of this machine, where there is none of the target.
    """

    def __init__(self, context: RunContext, evaluator: Evaluator, placement: Placement) -> None:
        self.context, self.evaluator, self.placement = context, evaluator, placement
        evaluator.machine = placement.machine or {}

    @property
    def call(self) -> Call:
        return self.context.call

    def progress(self, what: str, done: int = 0, total: int = 0) -> None:
        """See `RunContext.tell`; says where, if that is not this machine."""
        where = "" if self.evaluator.device.link == LOCAL else f" on {self.evaluator.device.name}"
        doing = what if isinstance(what, Doing) else Doing(what)
        self.context.tell(doing.at(where), done, total)

    @property
    def confirm(self) -> EvaluationSet:
        """See `RunContext.confirm`."""
        return self.context.confirm

    def keep(self, record: Record) -> Record:
        """See `RunContext.keep`."""
        return self.context.keep(record)

    def candidates(self, recipes: Sequence[Recipe]) -> list[Record]:
        """Convert and score every recipe, or take what an interrupted run found.

        Raises:
            DeviceFailed: the device was lost; what was found before is kept.
        """
        target = self.placement.profile.name
        for recipe in recipes:
            if recipe.precision == "fp32" and not recipe.compression:
                self.evaluator.floats.setdefault(recipe.runtime, recipe)
        blanks = [blank(target, self.placement.name, recipe) for recipe in recipes]
        known = [self._known(empty) for empty in blanks]
        made = {
            number: self.context.conversions.prepare(recipe)
            for number, recipe in enumerate(recipes)
            if known[number] is None
        }
        found: dict[int, Record] = {}
        for number in _as_made(len(recipes), made):
            self.progress(Doing(target, recipes[number]), len(found), len(recipes))
            found[number] = known[number] or self._candidate(blanks[number], recipes[number])
        return [found[number] for number in range(len(recipes))]

    def _candidate(self, empty: Record, recipe: Recipe) -> Record:
        record = self.evaluator.candidate(empty, recipe)
        absent = self.placement.absent.get(recipe.runtime)
        if absent is not None and record.status == "ok":
            return self.keep(_by_another(record, absent))
        placement = self.placement
        untimed = Untimed(kind="not-yet") if placement.timed else why_nowhere(placement.profile)
        return self.keep(untimed_words.in_words(record, untimed))

    def can_time(self, record: Record) -> bool:
        """Whether a candidate runs here in its own runtime."""
        return record.status == "ok" and record.runtime not in self.placement.absent

    def can_mend(self, record: Record) -> bool:
        """Whether it is worth timing though it was refused: its refined forms may do."""
        return record.mendable and record.runtime not in self.placement.absent

    def _known(self, empty: Record) -> Record | None:
        """What an interrupted run found for a recipe, where its artifact is still there."""
        earlier = self.context.earlier.get(empty.key)
        if earlier is None or earlier.status == "timeout":  # the limit may be another now
            return None
        if earlier.status == "ok" and not self._still_there(earlier):
            return None
        return earlier

    def _still_there(self, record: Record) -> bool:
        assert record.recipe is not None
        artifact = self.context.folder.artifact(record.recipe.conversion_id)
        return artifact is not None and artifact.sha256 == record.sha256


def _as_made(count: int, made: Mapping[int, Future[None]]) -> Iterator[int]:
    """Numbers below `count`: the first whose artifact is there, or that waits for none.

    While a slow conversion goes on, what comes after it is scored.
    """
    left = list(range(count))
    while left:
        ready = [number for number in left if number not in made or made[number].done()]
        if ready:
            left.remove(ready[0])
            yield ready[0]
        else:
            wait([made[number] for number in left], return_when=FIRST_COMPLETED)


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

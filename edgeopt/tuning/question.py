"""One model on one target: its forms, which of them is taken, and its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.errors import StepFailed
from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.pipeline.placement import Placement, space_of
from edgeopt.pipeline.record_ends import blank, failed
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.target_run import TargetRun, at_work, why_nowhere
from edgeopt.report import shortfall_words, untimed_words
from edgeopt.search import choose
from edgeopt.sources.structure import Structure
from edgeopt.tuning import forms
from edgeopt.tuning.timing import Timed, Times

NO_STRUCTURE = Structure(id="", multiply_adds=0, parameters=0)
NOT_ASKED = "it was not asked for"
_OF_A_FORM = ("latency_ms", "score", "drop", "size_bytes", "energy_mj")

Found = Mapping[str, tuple[Timed, bool]]


@dataclass(frozen=True)
class Question:
    """See the module's head.

    Attributes:
        form: see `forms.picked`. folder: for scratch files.
    """

    context: RunContext
    placement: Placement
    structure: Structure
    clock: Times
    folder: Path
    form: str | None = None

    def answer(self, *, scored: bool, timed: bool) -> Evaluation:
        """See `Workbench.evaluate`.

        Raises:
            BadInput: no form is called as asked.
            DeviceFailed: the device was lost.
        """
        empty = self._blank()
        if self.placement.lost is not None:
            return _null(empty, _OF_A_FORM, str(self.placement.lost.args[0]))
        space = space_of(self.placement, self.context.intake.source)
        if not space.recipes:
            why = f"no form of this model can be made for {empty.target}"
            return _null(empty, _OF_A_FORM, why)
        run = at_work(self.context, self.placement, space)
        recipes = forms.picked(space.recipes, self.form)
        made = run.evaluated(recipes) if scored else [_converted(run, one) for one in recipes]
        right = [one for one in made if one.status == "ok"]
        times = self._times(run, right) if timed else {}
        taken = self._taken(right, times)
        tried = {one.title: self._why_not(one, taken, times) for one in made}
        empty = msgspec.structs.replace(empty, tried=tried)
        if taken is None:
            return _null(empty, _OF_A_FORM, f"{made[0].title}: {made[0].reason}")
        told = self._told(empty, taken, times.get(str(taken.recipe_id)))
        if scored:
            return told
        return _null(told, ("score", "drop"), NOT_ASKED)

    def times(self, recipes: Sequence[Recipe]) -> dict[str, Timed]:
        """How long forms take there, by their ids.

        Raises:
            DeviceFailed: the device was lost. StepFailed: a form cannot be made.
        """
        run = at_work(
            self.context, self.placement, space_of(self.placement, self.context.intake.source)
        )
        folder = self.folder / self.placement.name
        found = self.clock.times(run, recipes, self.structure.id, folder)
        return {key: timed for key, (timed, _) in found.items()}

    def _blank(self) -> Evaluation:
        scoring, source = self.context.scoring, self.context.intake.source
        known = bool(self.structure.id)
        return Evaluation(
            target=self.placement.profile.name,
            device=self.placement.name,
            structure=self.structure.id,
            multiply_adds=self.structure.multiply_adds if known else None,
            parameters=self.structure.parameters if known else None,
            outputs={spec.name: spec.sizes for spec in source.outputs},
            score_lower_is_better=not scoring.metric.higher_is_better,
        )

    def _times(self, run: TargetRun, made: Sequence[Record]) -> Found:
        """Of those that can be timed, and may be taken."""
        may = self._allowed(made) or made
        recipes = [one.recipe for one in may if one.recipe and run.can_time(one)]
        if not recipes or not self.placement.timed:
            return {}
        folder = self.folder / self.placement.name
        return self.clock.times(run, recipes, self.structure.id, folder)

    def _allowed(self, made: Sequence[Record]) -> list[Record]:
        constraints = msgspec.structs.replace(
            self.context.call.constraints, max_latency_ms=None, max_size_bytes=None
        )
        return choose.qualifying(made, constraints)

    def _taken(self, made: Sequence[Record], times: Found) -> Record | None:
        """The fastest of what keeps the drop; else the one that loses least."""
        allowed = self._allowed(made)
        if allowed:
            return min(allowed, key=lambda one: _ms(one, times))
        if made and made[0].drop is None:
            return min(made, key=lambda one: _ms(one, times))
        return min(made, key=lambda one: one.drop.judged if one.drop else 0.0, default=None)

    def _why_not(self, record: Record, taken: Record | None, times: Found) -> str:
        if taken is not None and record.recipe_id == taken.recipe_id:
            return ""
        if record.status != "ok":
            return record.reason
        if record.drop is not None and not self._allowed([record]):
            short = choose.shortfalls(record, self.context.call.constraints)
            return "; ".join(map(shortfall_words.clause, short))
        timed = times.get(str(record.recipe_id))
        return timed[0].why if timed and timed[0].why else "another form is as fast or faster"

    def _told(
        self, empty: Evaluation, record: Record, timed: tuple[Timed, bool] | None
    ) -> Evaluation:
        figures, was_known = timed or (Timed(why=self._why_untimed(record)), False)
        energy, latency = figures.energy, figures.latency
        score, drop = record.score, record.drop
        found = msgspec.structs.replace(
            empty,
            form=record.title,
            recipe_id=record.recipe_id,
            runtime=record.runtime,
            precision=record.precision,
            latency=latency,
            latency_ms=latency.ms if latency else None,
            energy=energy,
            energy_mj=energy.gross_mj if energy else None,
            score=score.value if score else None,
            score_detail=score,
            drop=drop.judged if drop else None,
            drop_detail=drop,
            size_bytes=record.size_bytes,
            allowed=bool(self._allowed([record])) if drop else None,
            notes=(*record.notes, *figures.notes),
            cached=("latency_ms", "energy_mj") if was_known else (),
        )
        if latency is None:
            found = _null(found, ("latency_ms",), figures.why)
        if found.energy_mj is None:
            found = _null(found, ("energy_mj",), _why_no_energy(figures))
        return found

    def _why_untimed(self, record: Record) -> str:
        if not self.placement.timed:
            return untimed_words.sentence(why_nowhere(self.placement.profile))
        absent = self.placement.absent.get(record.runtime)
        return f"{record.runtime} is not there: {absent}" if absent else NOT_ASKED


def _why_no_energy(figures: Timed) -> str:
    if figures.energy is None:
        return figures.why or "the device has no meter that was read"
    return next(iter(figures.energy.why_null.values()), "its meter told nothing")


def _ms(record: Record, times: Found) -> float:
    """Its latency; of what has none more than all others'."""
    timed = times.get(str(record.recipe_id))
    return timed[0].latency.ms if timed and timed[0].latency else float("inf")


def _converted(run: TargetRun, recipe: Any) -> Record:
    """A form that is made and not asked: its weights say nothing yet."""
    record = blank(run.target, run.placement.name, recipe)
    try:
        artifact = run.context.conversions.artifact(recipe)
    except StepFailed as error:
        return failed(record, "convert", error)
    return msgspec.structs.replace(
        record, size_bytes=artifact.size_bytes, sha256=artifact.sha256, notes=artifact.notes
    )


def _null(found: Evaluation, names: Iterable[str], why: str) -> Evaluation:
    """With a reason for each of these fields that is null."""
    reasons = {name: why for name in names if getattr(found, name) is None}
    return msgspec.structs.replace(found, why_null={**found.why_null, **reasons})

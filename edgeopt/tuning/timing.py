"""Latency of forms of one model beside the fixed reference, each structure once for each device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from edgeopt.domain.energy import Energy
from edgeopt.domain.errors import DeviceFailed, EdgeoptError
from edgeopt.domain.evaluation import RelativeLatency
from edgeopt.domain.finding import failures
from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Recipe
from edgeopt.harness.budget import CLOSER, TRIAL, Budget
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.figures import energy_of
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Measurement
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare
from edgeopt.pipeline.run_environment import SAME, tools
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import words
from edgeopt.stats.quantile import median
from edgeopt.tuning import known, reference


class Timed(Value, kw_only=True, frozen=True):
    """One form's figures on one device.

    Attributes:
        why: why there is no latency, "" where there is.
        notes: what was found of the machine meanwhile.
        again: it is of a second, closer look.
    """

    latency: RelativeLatency | None = None
    energy: Energy | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    again: bool = False

    def decides(self, most_ms: float | None) -> bool:
        """Whether it tells on which side of a limit it is, or no closer look would."""
        if most_ms is None or self.again or self.latency is None:
            return True
        return not self.latency.reaches_over(most_ms)


class Times(Protocol):
    """Who tells how long forms take."""

    def times(
        self, run: TargetRun, recipes: Sequence[Recipe], structure: str, folder: Path
    ) -> dict[str, tuple[Timed, bool]]:
        """See `Clock.times`."""
        ...


@dataclass
class Clock:
    """Times forms; knows what was timed before.

    Attributes:
        cache: figures of the same structure may be used; else each form is measured anew.
        measured: how many forms were measured now.
    """

    cache: bool = True
    measured: int = 0
    _here: dict[str, Timed] = field(default_factory=dict)

    def times(
        self, run: TargetRun, recipes: Sequence[Recipe], structure: str, folder: Path
    ) -> dict[str, tuple[Timed, bool]]:
        """The figures of recipes by their ids, and whether they were known before.

        What was timed before and reaches over the limit on latency is timed once more, closer.

        Args:
            structure: of the source; "": it is not known, and nothing is known by it.

        Raises:
            DeviceFailed: the device was lost.
            StepFailed: a form cannot be made.
        """
        keys = {recipe.id: _key(run, recipe, structure) for recipe in recipes}
        found: dict[str, tuple[Timed, bool]] = {}
        for recipe in recipes:
            earlier = self._known(keys[recipe.id]) if structure else None
            if earlier is not None:
                found[recipe.id] = (earlier, True)
        new = [recipe for recipe in recipes if recipe.id not in found]
        most_ms = run.call.constraints.max_latency_ms
        close = [r for r in recipes if r.id in found and not found[r.id][0].decides(most_ms)]
        for asked, budget in ((new, TRIAL), (close, CLOSER)):
            if asked:
                subjects = [run.evaluator.subject(recipe) for recipe in asked]
                for key, timed in _measured(run, subjects, folder, budget).items():
                    found[key] = (timed, False)
                    self._keep(keys[key] if structure else "", timed)
        return found

    def _keep(self, key: str, timed: Timed) -> None:
        self.measured += 1
        if key and timed.latency is not None:
            self._here[key] = timed
            known.keep("latency", key, timed)

    def _known(self, key: str) -> Timed | None:
        if not self.cache:
            return None
        return self._here.get(key) or known.read("latency", key, Timed)


def machine_id(run: TargetRun) -> str:
    """A device as it is set, and what runs there."""
    access = run.evaluator.access
    machine = {name: access.machine.get(name) for name in SAME}
    versions = tools() if access.is_here else {}
    return known.identity([run.target, access.device.name, machine, versions])


def _key(run: TargetRun, recipe: Recipe, structure: str) -> str:
    return known.identity([1, machine_id(run), recipe.id, structure])


def _measured(
    run: TargetRun, subjects: list[Subject], folder: Path, budget: Budget
) -> dict[str, Timed]:
    access = run.evaluator.access
    fixed, why = _reference(run, folder)
    feed = run.evaluator.choose.feed
    if fixed is not None:
        few = {name: array[:INPUTS] for name, array in run.evaluator.choose.samples.inputs.items()}
        count = len(next(iter(few.values())))
        feed = Feed({**few, **reference.samples(count)}, folder / "timed")
    with access.measuring():
        session = measure(
            access.device,
            [*subjects, *([fixed[0]] if fixed else [])],
            feed,
            budget,
            access.log("measure-trial"),
            run.call.step_timeout_s,
            run.call.seed,
        )
    notes = (*why, *_notes(session))
    again = budget is CLOSER
    return {one.key: _figures(session, one, fixed and fixed[1], notes, again) for one in subjects}


def _notes(session: Measurement) -> tuple[str, ...]:
    spoiled = failures(findings(session))
    return tuple(words.finding(one) for one in findings(session)) if spoiled else ()


def _reference(
    run: TargetRun, folder: Path
) -> tuple[tuple[Subject, reference.Figure] | None, tuple[str, ...]]:
    """The reference and its figure there; else why it cannot stand beside the others."""
    access = run.evaluator.access
    if run.evaluator.choose.feed.states:
        return None, ("its latency is its own: the reference has no memory",)
    log = access.log("reference")
    try:
        fixed = reference.subject(log)
        with access.measuring():
            made = reference.figure(
                access.device, machine_id(run), fixed, folder / "reference", log
            )
        return (fixed, made), ()
    except DeviceFailed:
        raise
    except (RunnerFailed, EdgeoptError) as error:
        return None, (f"its latency is its own, without a reference: {error.args[0]}",)


def _figures(
    session: Measurement,
    subject: Subject,
    fixed: reference.Figure | None,
    notes: tuple[str, ...],
    again: bool,
) -> Timed:
    timed = session.timed[subject.key]
    if timed.failed:
        return Timed(why=timed.failed)
    own = round(median([t / 1e6 for t in timed.steady_ns]), 6)
    energy = energy_of(timed)
    n = len(timed.steady_ns)
    verdict = compare(session, subject.key, reference.KEY) if fixed else None
    if fixed is None or verdict is None:
        latency = RelativeLatency(ms=own, n=n)
        return Timed(latency=latency, energy=energy, notes=notes, again=again)
    now = median([t / 1e6 for t in session.timed[reference.KEY].steady_ns])
    latency = RelativeLatency(
        ms=round(fixed.ms / verdict.ratio, 6),
        low=None if verdict.high is None else round(fixed.ms / verdict.high, 6),
        high=None if verdict.low is None else round(fixed.ms / verdict.low, 6),
        ratio=round(1 / verdict.ratio, 6),
        reference_ms=fixed.ms,
        pairs=verdict.pairs,
        n=n,
        slowed=round(now / fixed.ms, 3),
    )
    return Timed(latency=latency, energy=energy, notes=notes, again=again)


def without(timed: Timed, why: str) -> Timed:
    """The same with a reason in place of its latency."""
    return msgspec.structs.replace(timed, latency=None, why=why)

"""One target that is tried within a time: the `Worker` of the loop, and what steps take."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.harness.budget import BUDGETS, GLANCE, Budget
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Step as PipelineStep
from edgeopt.pipeline.steps.refine import Refine
from edgeopt.pipeline.steps.screen import Screen
from edgeopt.pipeline.steps.session_options import SessionOptions
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.within import MARGIN
from edgeopt.search import aims, choose
from edgeopt.search.ending import in_final, reserved_s
from edgeopt.search.expected import Costs, Seen, pair_of
from edgeopt.search.usual import Pair
from edgeopt.search.within import LAUNCHES, Kind, Step, contenders

#: What a final schedule may take of the time; a shorter one is taken where it would be more.
FINAL_SHARE = 0.25
REPORT_S = 8.0  # the bundle and the report
KNOWN_S = 0.3  # what took less was known from before, and tells nothing of the next
#: Of a schedule as a whole: the machine is looked at, children are started.
BEGIN_S = 3.0
#: Of a schedule, besides what runs: opening one, a block's readings, keeping one run's time.
OPEN_S, BLOCK_S, RUN_S = 0.8, 0.1, 5e-6
UNKNOWN_MS = 5.0


def schedule_s(budget: Budget, launches: int, p50_ms: Sequence[float], count: int) -> float:
    """Seconds that a schedule of so many takes on a machine that does nothing else."""
    typical_ms = statistics.median(p50_ms) if p50_ms else UNKNOWN_MS
    runs = budget.block_size(typical_ms * 1e6)
    block = BLOCK_S + runs * (typical_ms / 1e3 + RUN_S)
    return launches * count * (OPEN_S + budget.warmup_s + budget.rounds * block)


def final_budget(asked: str, limit_s: float, p50_ms: Sequence[float], slowness: float) -> str:
    """The asked one, or a shorter one that there is time for."""
    for name in dict.fromkeys((asked, "standard", "quick")):
        if final_s(name, p50_ms, slowness) <= FINAL_SHARE * limit_s:
            return name
    return "quick"


def final_s(name: str, p50_ms: Sequence[float], slowness: float) -> float:
    """Seconds of the least launches of a final schedule of two."""
    return in_final(2) * arm_s(name, p50_ms, slowness)


def arm_s(name: str, p50_ms: Sequence[float], slowness: float) -> float:
    """Seconds of one artifact in them."""
    budget = BUDGETS[name]
    return slowness * schedule_s(budget, budget.looks[0], p50_ms, 1)


@dataclass
class TargetInTime:
    """See the module's head. Steps of the order are steps of the pipeline.

    Attributes:
        earlier: what earlier runs on this kind of target took.
        slowness: how many times as long as expected schedules took, since others use the machine.
    """

    run: TargetRun
    state: State
    clock: Clock
    earlier: Costs = field(default_factory=Costs)
    _made_s: dict[Pair, list[float]] = field(default_factory=dict)
    _launch_s: list[float] = field(default_factory=list)
    slowness: float = 1.0

    def left_s(self) -> float:
        return self.clock.left_s()

    def end_s(self) -> float:
        p50 = self._p50_ms
        name = final_budget(self.run.call.budget, self.clock.limit_s, p50, self.slowness)
        scored = [s for some in self._made_s.values() for s in some]
        confirming = min(scored, default=2.0)
        least = final_s(name, p50, self.slowness) + confirming + self.slowness * REPORT_S
        return reserved_s(least, self.clock.limit_s)

    @property
    def _p50_ms(self) -> list[float]:
        return [one.ms for one in self.seen() if one.ms is not None]

    def untried(self) -> Sequence[Recipe]:
        return self.state.untried

    def seen(self) -> Sequence[Seen]:
        limits, baseline = self.state.constraints, self.state.baseline
        ms = aims.on_one_scale(self.state.records, baseline)
        return [
            Seen(
                record.recipe,
                runs=self._runs(record),
                allowed=choose.qualifies(record, limits),
                ms=ms.get(record.key),
                sure=record.latency_ms is not None and record.latency_ms.budget != GLANCE.name,
                compared=record.recipe_id == baseline,
            )
            for record in self.state.records
            if record.recipe is not None
        ]

    def _runs(self, record: Record) -> bool:
        return self.run.can_time(record) or self.run.can_mend(record)

    def costs(self) -> Costs:
        made = {pair: statistics.mean(some) for pair, some in self._made_s.items()}
        launch_s = statistics.mean(self._launch_s) if self._launch_s else self.earlier.launch_s
        return replace(self.earlier, made_s=made, launch_s=launch_s)

    def take(self, step: Step) -> None:
        began, count = self.clock.now(), len(contenders(step.kind, self.seen()))
        if step.kind == "try":
            self._try(step.recipes)
            spent = self.clock.now() - began
            if spent > KNOWN_S and step.expected_s:
                self._made_s.setdefault(pair_of(step.recipes[0]), []).append(spent)
            return
        self._look(step.kind)
        spent = self.clock.now() - began
        if step.kind in ("rank", "screen") and spent > KNOWN_S and count:
            spent = max(spent - BEGIN_S, spent / 2)
            self._launch_s.append(spent / (LAUNCHES[step.kind] * count))
            if step.kind == "rank":
                self.slowness = max(1.0, spent / schedule_s(GLANCE, 1, self._p50_ms, count))

    def _try(self, recipes: Sequence[Recipe]) -> None:
        taken = {recipe.id for recipe in recipes}
        left = tuple(r for r in self.state.untried if r.id not in taken)
        self.state = replace(self.state.updated(self.run.evaluated(recipes)), untried=left)

    def _look(self, kind: Kind) -> None:
        metered = self.state.needs_energy
        looks: dict[Kind, PipelineStep] = {
            "rank": Screen("screen" if metered else GLANCE.name, self._among("rank")),
            "screen": Screen(among=self._among("screen")),
            "refine": Refine(MARGIN * self.end_s()),
            "settings": SessionOptions(),
        }
        look = looks[kind]
        if look.why_skipped(self.run, self.state) is None:
            self.state = look.advance(self.run, self.state)

    def _among(self, kind: Kind) -> frozenset[str]:
        return frozenset(recipe.id for recipe in contenders(kind, self.seen()))

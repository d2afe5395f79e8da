"""Replays a recorded grid: the clock is a number, the steps are those of `optimize --time`."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from benchmarks.search import within_grid
from benchmarks.search.within_draw import MAX_DROP, Draw, median_us, share_of
from benchmarks.search.within_final import final, ranked
from benchmarks.search.within_noise import Blocks
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.score import Drop
from edgeopt.harness.budget import BUDGETS, GLANCE
from edgeopt.pipeline.clock import Clock, Turns
from edgeopt.pipeline.within import MARGIN, take_in_time
from edgeopt.search.alternatives import other_integers
from edgeopt.search.ending import finalists, in_final, reserved_s
from edgeopt.search.expected import Costs, Seen, pair_of
from edgeopt.search.options import EFFORTS, variants
from edgeopt.search.usual import TABLE, Pair, Table
from edgeopt.search.within import LAUNCHES, Kind, Step, compared_with, contenders

FINAL_LAUNCHES = BUDGETS["standard"].looks[0]
LEADERS = 3


@dataclass
class OfGrid:
    """The `Worker` of the loop (`pipeline/within.py`) over a recorded grid."""

    draw: Draw
    limit_s: float
    left: list[Recipe]
    table: Table = TABLE
    tried: dict[str, Recipe] = field(default_factory=dict)
    us: dict[str, float] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    refined: set[str] = field(default_factory=set)
    over: str = ""
    scale_us: float = 0.0
    _made_s: dict[Pair, list[float]] = field(default_factory=dict)
    _launch_s: list[float] = field(default_factory=list)

    def left_s(self) -> float:
        return self.limit_s - self.draw.now

    def end_s(self) -> float:
        """The final schedule of two."""
        least = FINAL_LAUNCHES * in_final(2) * self.costs().launch_s
        return reserved_s(least, self.limit_s)

    def untried(self) -> Sequence[Recipe]:
        return self.left

    def seen(self) -> Sequence[Seen]:
        return [
            Seen(
                recipe,
                runs=self._drop(recipe) is not None and self.draw.runs(recipe),
                allowed=self._allowed(recipe),
                ms=self.us[key] / 1e3 if key in self.us else None,
                sure=key in self.sure,
                compared=key == self.over,
            )
            for key, recipe in self.tried.items()
        ]

    def costs(self) -> Costs:
        made = {pair: statistics.mean(some) for pair, some in self._made_s.items()}
        launch_s = statistics.mean(self._launch_s) if self._launch_s else Costs().launch_s
        family = within_grid.FAMILIES[self.draw.grid.workload]
        return Costs(made_s=made, launch_s=launch_s, family=family, table=self.table)

    def take(self, step: Step) -> None:
        began = self.draw.now
        if step.kind == "try":
            self.left = [r for r in self.left if r not in step.recipes]
            self._try(step.recipes)
            if step.expected_s:
                pair = pair_of(step.recipes[0])
                self._made_s.setdefault(pair, []).append(self.draw.now - began)
        else:
            self._look(step.kind)

    def _try(self, recipes: Sequence[Recipe]) -> None:
        for recipe in recipes:
            self.draw.tried(recipe)
            self.tried[recipe.id] = recipe

    def _look(self, kind: Kind) -> None:
        began, running = self.draw.now, contenders(kind, self.seen())
        if kind in ("rank", "screen"):
            if kind == "screen":
                pacing = [r for r in running if self._allowed(r)]
                found = self.draw.raced(running, pacing)
                self.sure |= {recipe.id for recipe in running}
            else:
                found = self.draw.schedule(running, GLANCE)
            self._told(found)
            launches = LAUNCHES[kind] * max(1, len(running))
            self._launch_s.append((self.draw.now - began) / launches)
            return
        if kind == "refine":
            new = self._refined()
        else:
            new = [recipe for recipe in self._set() if recipe.id not in self.tried]
            self._try(new)
        parents = self.leading(LEADERS)
        alive = [r for r in new if self._drop(r) is not None and self.draw.runs(r)]
        if alive:
            together = {r.id: r for r in (*self._floats(), *parents, *alive)}
            self._told(self.draw.schedule(list(together.values()), BUDGETS["closer"]))
            self.sure |= {recipe.id for recipe in (*alive, *parents)}

    def _told(self, found: Blocks) -> None:
        """What a schedule shows, on the scale of what all are compared with."""
        baseline = self.compared()
        if baseline is None or baseline.id not in found:
            self.us |= {key: median_us(blocks) for key, blocks in found.items()}
            baseline = compared_with(self.seen())
        if baseline is None:
            return
        self.over, over = baseline.id, found[baseline.id]
        self.scale_us = self.scale_us or median_us(over)
        self.us |= {key: self.scale_us * share_of(own, over) for key, own in found.items()}

    def compared(self) -> Recipe | None:
        """What all others are compared with."""
        return self.tried.get(self.over)

    def _floats(self) -> list[Recipe]:
        baseline = self.compared()
        return [baseline] if baseline else []

    def _refined(self) -> list[Recipe]:
        """Other integers of each runtime's fastest, where it beats all that is allowed and loses

        too much: until one is allowed, or there is no time for the next (`refinement.py`).
        """
        best = min((self.us[r.id] for r in self.leading(1)), default=math.inf)
        clock = Clock(self.limit_s, self.limit_s, lambda: self.draw.now)
        found, turns = [], Turns(clock.until(MARGIN * self.end_s()))
        for plain in self._fastest_static():
            lossy = not self._allowed(plain) and plain.id not in self.refined
            if lossy and self.us[plain.id] < best:
                self.refined.add(plain.id)
                found += self._more_careful(plain, turns)
        return found

    def _fastest_static(self) -> list[Recipe]:
        timed = [r for r in self.running() if r.precision == "int8-static" and r.id in self.us]
        timed.sort(key=lambda r: self.us[r.id])
        return list({r.runtime: r for r in reversed(timed)}.values())

    def _more_careful(self, plain: Recipe, turns: Turns) -> list[Recipe]:
        known = {recipe.id: recipe for recipe in self.draw.grid.recipes}
        found = []
        for other in other_integers(plain.quantization):
            recipe = known.get(msgspec.structs.replace(plain, quantization=other).id)
            if recipe is None:
                continue
            if not turns.another():
                break
            self._try([recipe])
            found.append(recipe)
            if self._allowed(recipe):
                break
        return found

    def _set(self) -> list[Recipe]:
        grid, effort = self.draw.grid, EFFORTS["standard"]
        known = {recipe.id for recipe in grid.recipes}
        return [
            variant
            for leader in self.leading(effort.leaders)
            for variant in variants(leader, grid.features, grid.cores, effort.sets)
            if variant.id in known
        ]

    def running(self) -> list[Recipe]:
        return [r for r in self.tried.values() if self._drop(r) is not None and self.draw.runs(r)]

    def _drop(self, recipe: Recipe) -> Drop | None:
        return self.draw.answered.get(recipe.session_id)

    def _allowed(self, recipe: Recipe) -> bool:
        drop = self._drop(recipe)
        return drop is not None and drop.value <= MAX_DROP

    def leading(self, count: int) -> list[Recipe]:
        """The first of the queue, as `optimize` ranks it."""
        allowed = [r for r in self.running() if self._allowed(r) and r.id in self.us]
        told = [(r, self.us[r.id], self.draw.answered[r.session_id]) for r in allowed]
        return ranked(told)[:count]


def by_order(draw: Draw, limit_s: float, table: Table = TABLE) -> Recipe | None:
    """The way of `optimize --time`: its order and its loop."""
    usual = set(draw.grid.usual)
    worker = OfGrid(draw, limit_s, [r for r in draw.grid.recipes if r.id in usual], table)
    take_in_time(worker)
    untimed = [r for r in worker.running() if r.id not in worker.us]
    if untimed:
        worker.take(Step("rank", (), 0.0))
    most = finalists(worker.left_s(), FINAL_LAUNCHES * worker.costs().launch_s)
    return final(draw, worker.leading(most), worker.compared(), limit_s)

"""Records a full grid: a step that tries everything, with the times of its own parts."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.search import within_grid, within_nets
from benchmarks.search.within_grid import TOGETHER, Answered, Grid, Made, Timed
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.harness.budget import Budget
from edgeopt.harness.interleaved import measure
from edgeopt.harness.timed import Measurement
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.alternatives import other_integers
from edgeopt.search.options import variants

HOW = "python -m benchmarks.search.within record"
#: Three launches of all, side by side.
BUDGET = Budget(
    "grid", "screen", (3,), 8,
    warmup_runs=5, warmup_s=0.05, block_runs=6, block_s=0.01, block_most_s=0.2,
)  # fmt: skip
SETS = 1  # other settings of each


@dataclass
class Everything:
    """A step: all recipes with other integers and settings are made, answered and timed."""

    workload: str
    began: float = field(default_factory=time.monotonic)
    grid: Grid | None = None

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        begin_s = time.monotonic() - self.began
        machine = run.placement.machine or {}
        features, cores = list(machine["features"]), int(machine["cores"])
        usual = run.space.recipes
        recipes = _extended(usual, features, cores)
        choose = run.context.choose
        labels = np.asarray(choose.samples.labels)
        source = _right(choose.source[choose.scoring.output], labels)
        made, answered = {}, {}
        # What others are made from comes first, so that each has its own seconds.
        in_turn = sorted(recipes, key=lambda recipe: recipe.precision != "fp32")
        for number, recipe in enumerate(in_turn):
            run.progress(f"grid: {recipe}", number, len(recipes))
            if recipe.conversion_id not in made:
                made[recipe.conversion_id] = _made(run, recipe)
            if recipe.session_id not in answered and not made[recipe.conversion_id].why:
                answered[recipe.session_id] = _answered(run, recipe, labels)
        alive = [r for r in recipes if r.session_id in answered and answered[r.session_id].right]
        score, _ = choose.marks(choose.source)
        self.grid = Grid(
            workload=self.workload,
            how=HOW,
            target=run.target,
            features=[one for one in features if one.startswith(("avx", "amx"))],
            cores=cores,
            begin_s=round(begin_s, 2),
            source=_bits(source),
            usual=[recipe.id for recipe in usual],
            recipes=recipes,
            made=made,
            answered=answered,
            timed=_timed(run, alive),
            score=score,
        )
        return state


def _extended(usual: tuple[Recipe, ...], features: list[str], cores: int) -> list[Recipe]:
    more = []
    for recipe in usual:
        how = recipe.quantization
        others = other_integers(how) if how and recipe.precision == "int8-static" else ()
        whole = [recipe, *(msgspec.structs.replace(recipe, quantization=o) for o in others)]
        more += [(one, *variants(one, features, cores, SETS)) for one in whole]
    return list({one.id: one for group in more for one in group}.values())


def _right(answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """bool[n] of answers [n, 1, classes]."""
    return np.asarray(answers.reshape(len(labels), -1).argmax(-1) == labels)


def _bits(right: np.ndarray) -> str:
    return "".join("1" if one else "0" for one in right)


def _made(run: TargetRun, recipe: Recipe) -> Made:
    began = time.monotonic()
    try:
        artifact = run.context.conversions.artifact(recipe)
    except StepFailed as error:
        return Made(round(time.monotonic() - began, 3), why=error.reason[:120])
    return Made(round(time.monotonic() - began, 3), artifact.size_bytes)


def _answered(run: TargetRun, recipe: Recipe, labels: np.ndarray) -> Answered:
    evaluator = run.evaluator
    subject = evaluator.subject(recipe)
    began = time.monotonic()
    try:
        evaluator.answers(recipe, subject, evaluator.choose, 0.0)
        few = time.monotonic()
        answers, _ = evaluator.answers(recipe, subject, evaluator.choose)
        whole = time.monotonic() - few
        evaluator._mark(recipe, subject)  # parity
    except StepFailed as error:
        return Answered(round(time.monotonic() - began, 3), why=error.reason[:120])
    right = _right(answers[evaluator.choose.scoring.output], labels)
    return Answered(round(few - began, 3), round(whole, 3), _bits(right))


def _timed(run: TargetRun, recipes: list[Recipe]) -> dict[str, Timed]:
    """All of them in schedules that have one candidate in common, which makes them one scale."""
    first, *others = recipes
    timed: dict[str, Timed] = {}
    scale = None
    for start in range(0, len(others), TOGETHER):
        some = [first, *others[start : start + TOGETHER]]
        began = time.monotonic()
        session = _measured(run, some)
        wall = time.monotonic() - began
        own = _blocks(session, first.id)
        typical = statistics.median([b for launch in own for b in launch])
        scale = scale or typical
        spent = {r.id: _spent(session, r.id) for r in some}
        rest = (wall - sum(spent.values())) / (len(some) * BUDGET.looks[0])
        for recipe in some:
            blocks = _blocks(session, recipe.id)
            if session.timed[recipe.id].failed or recipe.id in timed:
                continue
            scaled = [[round(b * scale / typical, 2) for b in launch] for launch in blocks]
            seconds = spent[recipe.id] / BUDGET.looks[0] + rest
            timed[recipe.id] = Timed(round(seconds, 3), scaled)
    return timed


def _measured(run: TargetRun, recipes: list[Recipe]) -> Measurement:
    evaluator = run.evaluator
    access = evaluator.access
    with access.measuring():
        return measure(
            access.device,
            [evaluator.subject(recipe) for recipe in recipes],
            evaluator.choose.feed,
            BUDGET,
            access.log("grid"),
            run.call.step_timeout_s,
            progress=run.progress,
        )


def _blocks(session: Measurement, key: str) -> list[list[float]]:
    return [
        [statistics.median(block.steady_ns) / 1e3 for block in launch.blocks]
        for launch in session.timed[key].launches
    ]


def _spent(session: Measurement, key: str) -> float:
    """Seconds in which it ran, in all launches."""
    launches = session.timed[key].launches
    runs = (sum(one.warmup_ns) + sum(sum(b.t_ns) for b in one.blocks) for one in launches)
    return sum(runs) / 1e9


def record(name: str) -> Grid:
    """Train, try everything, and write the grid."""
    with tempfile.TemporaryDirectory(prefix="within-") as folder:
        model, data = within_nets.made(name, Path(folder))
        step = Everything(name)
        call = Call(
            model=model,
            targets=("this-machine",),
            data=data,
            metric="accuracy",
            constraints=Constraints(max_drop=0.01),
            out=Path(folder) / "run",
            budget="quick",
            fresh=True,
        )
        optimize(call, print, measured=(step,))
    assert step.grid is not None
    within_grid.PLACE.mkdir(exist_ok=True)
    (within_grid.PLACE / f"{name}.json").write_bytes(msgspec.json.encode(step.grid) + b"\n")
    return step.grid

"""The other ways to spend a time: at random, and as Optuna's TPE asks."""

from __future__ import annotations

from benchmarks.search.within_draw import MAX_DROP, Draw, median_us
from benchmarks.search.within_final import final
from benchmarks.search.within_noise import Blocks
from edgeopt.domain.recipe import Recipe
from edgeopt.harness.budget import BUDGETS
from edgeopt.search.ending import in_final

FINALISTS, FINAL_LAUNCHES = 3, BUDGETS["standard"].looks[0]
SCREEN_LAUNCHES, ROUNDS = 3, 8  # of each that is asked for, by itself
ASKS = 200  # of TPE at most: it asks again for what it knows already, which takes no time


def by_random(draw: Draw, limit_s: float) -> Recipe | None:
    """Any candidate of the grid after the other, each made, scored and timed."""
    order = [draw.grid.recipes[i] for i in draw.rng.permutation(len(draw.grid.recipes))]
    return _one_by_one(draw, limit_s, iter(order))


def by_tpe(draw: Draw, limit_s: float) -> Recipe | None:
    """Optuna's TPE as it comes; what is not allowed is told as a constraint."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=int(draw.rng.integers(2**31)))
    study = optuna.create_study(sampler=sampler)
    recipes = draw.grid.recipes

    def asked():
        for _ in range(ASKS):
            trial, left = study.ask(), recipes
            for level, said in enumerate(_LEVELS):  # each choice decides what the next one is of
                where = " ".join(told(left[0]) for told in _LEVELS[:level])
                words = sorted({said(r) for r in left})
                word = trial.suggest_categorical(f"{level} {where}", words)
                left = [r for r in left if said(r) == word]
            us = yield left[0]
            study.tell(trial, 1e6 if us is None else us)

    return _one_by_one(draw, limit_s, asked())


_LEVELS = (
    lambda recipe: recipe.runtime,
    lambda recipe: recipe.precision,
    lambda recipe: recipe.artifact_title,
    lambda recipe: str(recipe),
)


def _one_by_one(draw, limit_s, asked):
    """Candidates as somebody asks for them; the three fastest are timed together in the end."""
    us: dict[str, float] = {}
    known: dict[str, Recipe] = {}
    told = None
    while True:
        if draw.now + in_final(FINALISTS) * FINAL_LAUNCHES * draw.launch_s >= limit_s:
            break
        try:
            recipe = asked.send(told) if known and hasattr(asked, "send") else next(asked)
        except StopIteration:
            break
        known[recipe.id], told = recipe, None
        drop = draw.tried(recipe, growing=False)
        if drop is not None and draw.runs(recipe):
            if recipe.id not in us:
                found: Blocks = {recipe.id: []}
                for _ in range(SCREEN_LAUNCHES):
                    draw.launch([recipe], ROUNDS, found)
                if drop.value <= MAX_DROP:
                    us[recipe.id] = median_us(found[recipe.id])
            told = us.get(recipe.id)
    first = sorted(us, key=us.__getitem__)[:FINALISTS]
    return final(draw, [known[key] for key in first], None, limit_s)

"""What a replay of a recorded grid takes for the noise of its times."""

import numpy as np
import pytest

from benchmarks.search import within_grid, within_noise
from benchmarks.search.within_grid import Answered, Grid, Known, Timed
from edgeopt.domain.recipe import Recipe

ROUNDS, LAUNCHES = 8, 3
BAD = 1.6  # of one launch of the second schedule, for all that ran in it


@pytest.fixture
def grid():
    """Forms of 100 us and up, in two schedules; the second had a bad launch."""
    count = within_grid.TOGETHER + 11
    recipes = [Known(runtime="litert", precision="fp32", threads=n + 1) for n in range(count)]
    rng = np.random.default_rng(0)
    blocks = {}
    for number, recipe in enumerate(recipes):
        us = (100.0 + number) * np.exp(rng.normal(0, 0.002, (LAUNCHES, ROUNDS)))
        us[1] *= BAD if number > within_grid.TOGETHER else 1.0
        blocks[recipe.id] = Timed(1.0, us.tolist())
    return Grid(
        workload="", how="", target="", features=[], cores=2, begin_s=0.0, source="1", usual=[],
        recipes=recipes, made={}, answered={recipes[0].session_id: Answered(0.1, 0.2, "1")},
        timed=blocks,
    )  # fmt: skip


def us_of(noise, recipes, seed):
    rng = np.random.default_rng(seed)
    return [float(np.median(blocks)) for blocks in noise.launch(rng, recipes, ROUNDS)]


def test_the_times_of_forms_are_without_the_moments_in_which_they_ran(grid):
    noise = within_noise.of(grid)
    assert len(noise.schedules) == 2
    for number, recipe in enumerate(grid.recipes):
        assert noise.us[recipe.id] == pytest.approx(100.0 + number, rel=0.01)


def test_a_bad_moment_is_one_of_all_forms_of_a_launch(grid):
    """Of both schedules: their ratio stays, whenever they are measured together."""
    noise, pair = within_noise.of(grid), [grid.recipes[5], grid.recipes[-1]]
    found = [us_of(noise, pair, seed) for seed in range(60)]
    for one, other in found:
        assert other / one == pytest.approx(noise.us[pair[1].id] / noise.us[pair[0].id], rel=0.01)
    assert max(one for one, _ in found) > 1.5 * min(one for one, _ in found)


def test_as_recorded_a_bad_moment_is_one_of_its_own_schedule_alone(grid):
    noise, pair = within_noise.as_recorded(grid), [grid.recipes[5], grid.recipes[-1]]
    ratios = [b / a for a, b in (us_of(noise, pair, seed) for seed in range(60))]
    assert max(ratios) > 1.5 * min(ratios)


def test_forms_of_one_schedule_are_drawn_as_they_ran(grid):
    """What both did in a round belongs together, the chance of either with it."""
    noise, recipe = within_noise.of(grid), grid.recipes[3]
    [one], [again] = (noise.launch(np.random.default_rng(4), [recipe], ROUNDS) for _ in range(2))
    assert (one == again).all()
    alone, beside = noise.launch(np.random.default_rng(4), [recipe, grid.recipes[4]], ROUNDS)
    assert (alone == one).all()
    assert not (beside == one).all()


def test_an_identity_that_is_worked_out_once_is_the_recipes_own(grid):
    known = grid.recipes[2]
    same = Recipe(runtime="litert", precision="fp32", threads=3)
    assert (known.id, known.conversion_id, known.session_id) == (
        same.id, same.conversion_id, same.session_id,
    )  # fmt: skip

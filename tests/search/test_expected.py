"""What is expected of a form before it is tried."""

import numpy as np
import pytest

from edgeopt.domain.recipe import Recipe
from edgeopt.search.expected import Beliefs, Costs, Seen
from edgeopt.search.usual import TABLE, Share, Table

SHARES = {"int8-dynamic": Share(0.8, 0.5), "fp16": Share(1.0, 0.2)}
COSTS = Costs(table=Table(shares={"convolutions": SHARES, "other": SHARES}, seconds={}))


def recipe(runtime, precision="fp32"):
    return Recipe(runtime=runtime, precision=precision)


def seen(ms_by_form, allowed=True):
    return [
        Seen(recipe(*form), runs=ms is not None, allowed=allowed, ms=ms)
        for form, ms in ms_by_form.items()
    ]


@pytest.mark.parametrize("best", [0.5, 1.0, 3.0])
def test_the_gain_is_the_mean_of_what_draws_gain(best):
    known = seen({("litert", "fp32"): 1.0, ("openvino", "fp32"): best})
    beliefs = Beliefs.of(known, COSTS)
    form = recipe("litert", "int8-dynamic")
    share = beliefs.expected(form)
    draws = share.median * np.exp(share.spread * np.random.default_rng(0).normal(size=400_000))
    gained = np.maximum(0, beliefs.best_ms - draws).mean() / beliefs.best_ms
    assert beliefs.gain(form) == pytest.approx(beliefs.chance(form) * gained, rel=0.03, abs=2e-4)


def test_another_runtime_s_form_moves_half_of_the_way_and_makes_it_surer():
    floats = {("litert", "fp32"): 1.0, ("openvino", "fp32"): 1.0}
    before = Beliefs.of(seen(floats), COSTS).expected(recipe("litert", "int8-dynamic"))
    shown = seen({**floats, ("openvino", "int8-dynamic"): 0.2})
    after = Beliefs.of(shown, COSTS).expected(recipe("litert", "int8-dynamic"))
    assert before.median == pytest.approx(0.8)
    assert after.median == pytest.approx(np.sqrt(0.8 * 0.2))
    assert after.spread < before.spread
    # Of another precision it tells nothing.
    assert Beliefs.of(shown, COSTS).expected(recipe("litert", "fp16")).median == 1.0


def test_what_was_not_allowed_lowers_the_chance_of_its_precision_alone():
    floats = seen({("litert", "fp32"): 1.0, ("openvino", "fp32"): 1.0})
    lossy = seen({("openvino", "int8-dynamic"): 0.2}, allowed=False)
    before, after = (Beliefs.of(known, COSTS) for known in (floats, [*floats, *lossy]))
    form, other = recipe("litert", "int8-dynamic"), recipe("litert", "fp16")
    assert after.chance(form) < before.chance(form)
    assert after.chance(other) == before.chance(other)


def test_a_runtime_whose_fp32_does_not_run_is_less_likely_to_run_another_form():
    broken = seen({("litert", "fp32"): None, ("openvino", "fp32"): 1.0})
    beliefs = Beliefs.of(broken, COSTS)
    assert beliefs.chance(recipe("litert", "fp16")) < beliefs.chance(recipe("openvino", "fp16"))


def test_the_shipped_table_expects_something_of_every_precision_it_has():
    for shares in TABLE.shares.values():
        assert len(shares) >= 5
        for share in shares.values():
            assert 0 < share.median < 3
            assert share.spread >= 0.2  # grids are few: nothing is certain


def test_a_precision_is_other_arithmetic_in_another_runtime():
    own = {"convolutions": {("litert", "fp16"): Share(1.0, 0.2), ("openvino", "fp16"): Share(2, 1)}}
    costs = Costs(table=Table(COSTS.table.shares, {}, own))
    beliefs = Beliefs.of(seen({("litert", "fp32"): 3.0, ("openvino", "fp32"): 3.0}), costs)
    expected = [beliefs.expected(recipe(r, "fp16")).median for r in ("litert", "openvino")]
    assert expected == [3.0, 6.0]
    assert beliefs.expected(recipe("litert", "int8-dynamic")).median == pytest.approx(3.0 * 0.8)


def test_a_runtime_that_was_not_timed_is_expected_beside_those_that_were():
    paces = {"convolutions": {"litert": Share(0.5, 0.2), "mnn": Share(2.0, 0.3)}}
    costs = Costs(table=Table(COSTS.table.shares, {}, {}, paces))
    beliefs = Beliefs.of(seen({("litert", "fp32"): 1.0}), costs)
    assert beliefs.expected(recipe("mnn")).median == pytest.approx(4.0)
    form = beliefs.expected(recipe("mnn", "int8-dynamic"))
    assert form.median == pytest.approx(4.0 * 0.8)
    assert form.spread == pytest.approx(np.hypot(0.5, 0.3))
    # What no table tells of: near the fastest.
    assert beliefs.expected(recipe("ncnn")).median == pytest.approx(1.3)

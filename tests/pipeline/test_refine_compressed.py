"""Pruned, recovered, quantized, some layers in float: one recipe. Only its speed is made up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from benchmarks.integers import usual_here
from edgeopt.domain.compression import Prune, Recover, Training
from edgeopt.domain.latency import Latency
from edgeopt.domain.layers import numbers
from edgeopt.domain.recipe import Recipe
from edgeopt.pipeline.refinement import refined
from edgeopt.search.find import float_form
from tests.pipeline.opened_run import on_noise, opened, screened_state

pytestmark = pytest.mark.slow

LOUD = 3000.0  # one unit of the first layer is so much larger that 8 bits see nothing else
IDLE = 24  # units of each hidden layer that hardly count: pruning takes them
MAX_DROP = 0.08
CHAIN = (
    Prune(share=0.3),
    Recover(training=Training(epochs=1, learning_rate=1e-6, weight_decay=0)),
)


CONSTANT = "output: constant, where the source's answers vary"


def save_net(path):
    """[1, 32] -> 64 -> 64 -> 10, as `test_refine.py` has it, with units to take away."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    one, two, three = net[0], net[2], net[4]
    with torch.no_grad():
        for layer, fan in ((one, 6), (two, 8), (three, 8)):
            layer.weight.copy_(torch.from_numpy(rng.normal(size=layer.weight.shape) / fan))
        for layer, after in ((one, two), (two, three)):
            layer.weight[-IDLE:] *= 1e-3
            layer.bias[-IDLE:] = 0
            after.weight[:, -IDLE:] *= 1e-3
        one.weight[0] *= LOUD
        one.bias[0] *= LOUD
        two.weight[:, 0] /= LOUD
    torch.export.save(torch.export.export(net.eval(), (torch.zeros(1, 32),)), str(path))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("compressed") / "loud.pt2"
    save_net(path)
    with opened(on_noise(path, 200, MAX_DROP)) as at_work:
        yield at_work


@pytest.fixture(scope="module", name="done")
def refined_once(run):
    """Whole and pruned, fp32 and int8, as if int8 were fast where it is pruned; then refined."""
    recipes = [
        Recipe(
            runtime="onnxruntime", precision=p, compression=chain,
            quantization=usual_here("onnxruntime", p),
        )
        for chain in ((), CHAIN)
        for p in ("fp32", "int8-static")
    ]  # fmt: skip
    first = [
        replace(
            record,
            latency_ms=Latency(
                p50=ms, p50_low=ms, p50_high=ms, p90=None, n=9, launches=1, stage="screen"
            ),
        )
        for record, ms in zip(run.evaluated(recipes), (4e3, 3.9e3, 3e3, 1e3), strict=True)
    ]
    state = refined(run, screened_state(run, first, first[0].recipe_id))
    return first, state.records, state.refinements


def test_a_pruned_model_gets_its_own_layers_in_float(done):
    first, records, [one] = done
    whole, pruned = first[0], first[3]
    assert float_form(first, pruned) is first[2]
    assert [r.status for r in first[::2]] == ["ok", "ok"]
    assert (
        first[2].drop.value <= MAX_DROP
    )  # what is lost, integers lose: their answers are constant
    assert [(r.mendable, r.reason) for r in first[1::2]] == [(True, CONSTANT)] * 2
    assert one.recipe_id == pruned.recipe_id
    assert one.form == "onnxruntime int8-static pruned=30%"
    assert one.sentence.startswith(f"onnxruntime int8-static pruned=30% was refused ({CONSTANT})")
    result = next(r for r in records if r.recipe_id == one.result)
    assert result.recipe.compression == CHAIN
    assert numbers(result.recipe.quantization.exceptions)
    assert result.drop.value <= MAX_DROP
    assert result.versus_baseline.over == whole.recipe_id


def test_its_table_of_noise_is_its_own(run, done):
    _, records, [one] = done
    folder = run.context.folder
    base = next(
        r.recipe for r in records if r.recipe and folder.layer_sensitivity(r.recipe.conversion_id)
    )
    assert base.compression == CHAIN
    assert folder.layer_sensitivity(replace(base, compression=()).conversion_id) is None
    assert {price.group.span for price in one.prices} == {
        noise.group.span for noise in folder.layer_sensitivity(base.conversion_id).groups
    }
    assert all(price.fp32_ms for price in one.prices), one.why_no_cost  # of its own fp32


def test_other_settings_of_a_pruned_model_are_held_to_what_a_pruned_one_is(run):
    plain = Recipe(runtime="onnxruntime", precision="fp32", compression=(Prune(share=0.7),))
    first, pinned = run.evaluated([plain, replace(plain, affinity="fastest")])
    assert first.parity.sqnr_db < 20  # far from the source, as it may be
    assert (first.status, pinned.status) == ("ok", "ok"), pinned.reason
    assert pinned.score == first.score

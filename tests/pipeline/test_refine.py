"""An int8 form that loses too much is refined for real; only its speed is made up."""

import time
from dataclasses import replace

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.integers import usual_here
from edgeopt.domain.latency import Latency
from edgeopt.domain.layers import numbers
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.refinement import refined
from edgeopt.pipeline.steps.refine import Refine
from tests.pipeline.opened_run import on_noise, opened, screened_state

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

LOUD = 3000.0  # one unit of the first layer is so much larger that 8 bits see nothing else


def save_net(path, loud=LOUD):
    """[1, 32] -> 64 -> 64 -> 10: what the first two layers hand on must stay in float."""
    rng = np.random.default_rng(0)
    scale = np.ones(64)
    scale[0] = loud
    weights = {
        "w1": rng.normal(size=(64, 32)) * scale[:, None] / 6,
        "b1": rng.normal(size=64),
        "w2": rng.normal(size=(64, 64)) / scale / 8,
        "b2": rng.normal(size=64) / 4,
        "w3": rng.normal(size=(10, 64)) / 8,
        "b3": rng.normal(size=10) / 4,
    }
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h1"], transB=1),
        helper.make_node("Relu", ["h1"], ["r1"]),
        helper.make_node("Gemm", ["r1", "w2", "b2"], ["h2"], transB=1),
        helper.make_node("Relu", ["h2"], ["r2"]),
        helper.make_node("Gemm", ["r2", "w3", "b3"], ["scores"], transB=1),
    ]
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 32]), ("scores", [1, 10]))
    ]
    constants = [
        numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()
    ]
    graph = helper.make_graph(nodes, "loud", tensors[:1], tensors[1:], constants)
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


@pytest.fixture
def run(tmp_path, request):
    max_drop, samples, *loud = request.param
    save_net(tmp_path / "loud.onnx", *loud)
    call = on_noise(tmp_path / "loud.onnx", samples, max(max_drop, 0))
    # Less than a call may ask, so that nothing can reach it.
    object.__setattr__(call, "constraints", Constraints(max_drop=max_drop))
    with opened(call) as at_work:
        yield at_work


def screened(run):
    """fp32 and static int8 of ONNX Runtime, scored; as if int8 had been twice as fast.

    fp32 with one and with two threads, as a profile asks for.
    """
    recipes = [
        Recipe(
            runtime="onnxruntime", precision=p, threads=threads,
            quantization=usual_here("onnxruntime", p),
        )
        for p, threads in (("fp32", 1), ("int8-static", 1), ("fp32", 2))
    ]  # fmt: skip
    records = run.evaluated(recipes)
    return [
        msgspec.structs.replace(
            record,
            latency_ms=Latency(
                p50=ms, p50_low=ms, p50_high=ms, p90=None, n=9, launches=1, stage="screen"
            ),
        )
        for record, ms in zip(records, (2e3, 1e3, 3e3), strict=True)
    ]


def refined_from(run, first):
    """(the records, what was done) from the state after a screening."""
    state = refined(run, screened_state(run, first, first[0].recipe_id))
    return state.records, state.refinements


@pytest.mark.parametrize("run", [(0.06, 200)], indirect=True)
def test_the_layers_that_lose_stay_in_float(run):
    first = screened(run)
    assert first[1].mendable  # its answers are constant
    assert first[1].reason == "scores: constant, where the source's answers vary"
    records, [done] = refined_from(run, first)
    now = {record.recipe_id: record for record in records}
    result = now[done.result]
    assert result.drop.value <= 0.06
    assert result.latency_ms.p50 < 1e3  # it was timed, beside those that it stands against
    assert result.versus_baseline.over == first[0].recipe_id
    same = [r for r in records if r.artifact == result.artifact]  # converted once
    assert {r.recipe.threads for r in same} == {1, 2}
    assert all(r.latency_ms.launches >= 3 and r.drop == result.drop for r in same)
    assert all(r.versus_baseline.over == first[0].recipe_id for r in same)
    kept = {layer for price in done.kept for layer in price.group.layers}
    assert kept >= {"w1", "w2"}
    spans = result.recipe.quantization.exceptions
    assert numbers(spans) == numbers(price.group.span for price in done.kept)
    assert done.steps[-1].drop <= 0.06 or any(s.drop <= 0.06 for s in done.steps)
    assert "in float" in done.sentence
    lossy = [step for step in done.steps if step.recipe_id != done.result]
    assert len(done.steps) - len(lossy) == 1
    assert all(now[s.recipe_id].status == "ok" or now[s.recipe_id].mendable for s in lossy)
    # Ranked once: what ranks the layers is in the run's folder.
    assert len(list(run.context.folder.calibrated.glob("layers-*.json"))) == 1


@pytest.mark.parametrize("run", [(-1.0, 200)], indirect=True)
def test_a_drop_that_nothing_reaches_says_what_came_nearest(run):
    first = screened(run)
    records, [done] = refined_from(run, first)
    assert done.result is None
    assert "none keeps the allowed −100.0 points" in done.sentence
    assert "; the nearest, " in done.sentence
    assert {r.recipe_id for r in first} <= {r.recipe_id for r in records}


@pytest.mark.parametrize("run", [(0.06, 20)], indirect=True)
def test_too_few_samples_to_rank_say_so(run):
    first = screened(run)
    _, [done] = refined_from(run, first)
    assert done.result is None
    assert "4 calibrating samples are too few to rank layers by" in done.sentence


@pytest.mark.parametrize("run", [(1.0, 40, 1.0)], indirect=True)
def test_what_holds_is_left_alone(run):
    first = screened(run)
    assert refined_from(run, first) == (tuple(first), ())
    state = screened_state(run, first, first[0].recipe_id)
    assert Refine().why_skipped(run, state).reason.startswith("no int8 form is better than what")


@pytest.mark.parametrize("run", [(0.06, 200)], indirect=True)
def test_within_a_time_no_further_form_is_begun_than_fits(run):
    first = screened(run)
    ends = Clock(1000.0, time.monotonic() + 1000.0)
    hurried = replace(run, clock=ends)
    state = refined(hurried, screened_state(run, first, first[0].recipe_id), reserve_s=1000.0)
    [done] = state.refinements
    assert len(done.steps) == 1  # nobody knew what it would take
    assert done.result is None
    assert "there was no time for a further form" in done.sentence

"""Several samples at once: converted anew, scored on the same samples, timed by the sample."""

import dataclasses

import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.pipeline import at_odds
from edgeopt.pipeline.batches import facts
from edgeopt.pipeline.call import Call
from tests.pipeline.opened_run import on_noise, opened

ORT = Recipe(runtime="onnxruntime", precision="fp32")


def product(path, batch="n", out="n"):
    """x [batch, 32] -> y [batch, 8]."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [first, width])
        for name, first, width in (("x", batch, 32), ("y", out, 8))
    ]
    weights = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        ends[:1],
        ends[1:],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
    return path


def asked(path, *batches):
    call = on_noise(path, 60, 0.01)
    return dataclasses.replace(call, aim="throughput", batches=batches)


@pytest.mark.slow
def test_a_batch_is_scored_on_the_same_samples_and_ships_as_arrays_of_so_many(tmp_path):
    with opened(asked(product(tmp_path / "m.onnx"), 1, 4)) as run:
        single, four = run.evaluated([ORT, replace(ORT, batch=4)])
        source = run.source.facts()
    assert (single.status, four.status) == ("ok", "ok")
    assert four.recipe.conversion_id != single.recipe.conversion_id
    assert four.score.value == single.score.value == 1.0
    assert single.score.n - four.score.n < 4  # what is left over fills no batch
    assert four.parity.sqnr_db is None or four.parity.sqnr_db > 100
    assert "batch=4" in four.title
    assert [spec.sizes for spec in (*facts(source, 4).inputs, *facts(source, 4).outputs)] == [
        (4, 32),
        (4, 8),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2])
def test_a_batch_that_the_file_fixes_is_refused(tmp_path, batch):
    call = asked(product(tmp_path / "m.onnx", batch, batch), 4)
    with pytest.raises(BadInput) as caught, opened(call):
        pass
    assert "batch" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aim": "latency", "batches": (4,)}, "--batch goes with --for throughput"),
        ({"aim": "throughput", "batches": (4,), "fold": object()}, "does not go with --fold-input"),
    ],
)
def test_what_does_not_go_together_is_refused_at_once(changes, words):
    with pytest.raises(BadInput, match=words):
        at_odds.refuse(Call("m", ("t",), "d", "o", **changes))


@pytest.mark.parametrize("changes", [{}, {"batches": (1,)}, {"aim": "throughput"}])
def test_one_sample_at_a_time_goes_with_all(changes):
    at_odds.refuse(Call("m", ("t",), "d", "o", constraints=Constraints(), **changes))


@pytest.mark.parametrize("count", [0, -4, 5000])
def test_no_batch_is_so_large_or_so_small(count):
    with pytest.raises(BadInput, match="--batch must be from 1 to"):
        Call("m", ("t",), "d", "o", aim="throughput", batches=(count,))


def test_a_recipe_of_one_sample_keeps_the_identity_of_before():
    assert ORT.id == replace(ORT, batch=1).id
    four = replace(ORT, batch=4)
    assert (four.id == ORT.id, four.session_id == ORT.session_id) == (False, False)
    assert "batch" not in ORT.words

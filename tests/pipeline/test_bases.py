"""What is made from a form that failed parity is no candidate."""

import json

import msgspec
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from benchmarks.integers import usual_here
from edgeopt.domain.compression import Prune
from edgeopt.domain.recipe import Recipe
from edgeopt.pipeline.bases import bases_of
from edgeopt.sources.source import combined_sha256, sha256_file
from tests.pipeline.opened_run import on_noise, opened
from tests.pipeline.test_refine import save_net

PRUNED = (Prune(share=0.2),)


def recipe(runtime, precision, **said):
    how = usual_here(runtime, precision)
    return Recipe(runtime=runtime, precision=precision, quantization=how, **said)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    save_net(folder / "net.onnx", 1.0)
    with opened(on_noise(folder / "net.onnx", 60, 1.0)) as at_work:
        yield at_work


def wrong_weights(path):
    """Another answer from the same graph, as a converter that is wrong gives."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == "w1":
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), "w1"))
    onnx.save(model, path)
    manifest = path.with_name("artifact.json")
    artifact = json.loads(manifest.read_text("utf-8"))
    artifact["files"][path.name] = sha256_file(path)
    artifact["sha256"] = combined_sha256(sorted(artifact["files"].items()))
    manifest.write_text(json.dumps(artifact), "utf-8")


@pytest.mark.slow
def test_chains_are_followed_to_their_end(run):
    def named(of):
        bases = bases_of(of, run.evaluator.conversions, {})
        return [(how, base.precision, bool(base.compression)) for how, base in bases]

    assert named(recipe("litert", "fp32")) == []
    assert named(recipe("litert", "int8-static")) == [("made from", "fp32", False)]
    assert named(recipe("openvino", "int8-dynamic")) == [("made from", "int8-weights", False)]
    pruned = recipe("litert", "int8-static", compression=PRUNED)
    assert named(pruned) == [("made from", "fp32", True), ("made from", "fp32", False)]
    refined = recipe("litert", "int8-static")
    how = msgspec.structs.replace(refined.quantization, exceptions=("0-1",))
    assert named(msgspec.structs.replace(refined, quantization=how)) == named(refined)
    theirs = msgspec.structs.replace(refined.quantization, library="tensorflow")
    [(said, _, _)] = named(msgspec.structs.replace(refined, quantization=theirs))
    assert said == "made by the same converter as"


@pytest.mark.slow
def test_integers_of_a_wrong_float_form_are_refused_in_any_order(run):
    recipes = [recipe("onnxruntime", "int8-static"), recipe("onnxruntime", "fp32")]
    wrong_weights(run.evaluator.subject(recipes[1]).path)
    int8, fp32 = run.evaluated(recipes)
    assert (fp32.status, fp32.step) == ("failed-parity", "parity")
    assert fp32.parity.sqnr_db < 40
    assert (int8.status, int8.step) == ("failed-parity", "parity")
    expected = f"made the same way as the fp32 form, which failed: {fp32.reason}"
    assert int8.reason == expected
    assert not int8.mendable
    assert np.isfinite(fp32.parity.max_abs)

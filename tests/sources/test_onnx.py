import hashlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from edgeopt.domain.errors import EdgeoptError, NotInstalled
from edgeopt.sources import canonical_onnx
from tests.sources import tiny_onnx as tiny

pytestmark = pytest.mark.usefixtures("at_home")


def answers(path, arrays):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, arrays)


def assert_same_answers(path, source, arrays):
    expected = answers(path, arrays)
    for form in (source.onnx, source.reference_path):
        for got, want in zip(answers(form, arrays), expected, strict=True):
            assert got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def random(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def opset(path):
    return onnx.load(str(path)).opset_import[0].version


@pytest.mark.parametrize("batch", ["N", None, -1, 0, 1])
def test_an_open_batch_is_one(tmp_path, prepare, describe, batch):
    path = tiny.save(tiny.mlp(batch), tmp_path / "m.onnx")
    source = prepare(path)
    assert describe(source.inputs) == {"x": ("float32", (1, 4))}
    assert describe(source.outputs) == {"y": ("float32", (1, 3))}
    assert source.notes == ()
    if batch not in (-1, 0):  # ONNX Runtime itself takes these at their word
        assert_same_answers(path, source, {"x": random(1, 4)})


def test_a_batch_that_was_asked_for(tmp_path, prepare, describe):
    path = tiny.save(tiny.mlp("N"), tmp_path / "m.onnx")
    source = prepare(path, said={"x": (5, 4)})
    assert describe(source.outputs) == {"y": ("float32", (5, 3))}
    assert_same_answers(path, source, {"x": random(5, 4)})


def test_what_is_said_of_a_source(tmp_path, prepare):
    path = tiny.save(tiny.mlp(), tmp_path / "m.onnx")
    source = prepare(path)
    assert (source.format, source.path) == ("onnx", str(path))
    assert source.operators == {"MatMul": 2, "Relu": 1}
    assert source.size_bytes == path.stat().st_size
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.reference_runtime, source.exported) == ("onnxruntime", None)
    assert source.reference_options == {"graph_optimization": "disabled"}
    facts = source.facts()
    assert (facts.sha256, facts.operators, facts.inputs) == (
        source.sha256,
        source.operators,
        source.inputs,
    )


@pytest.mark.parametrize("known", ["said", "seen"])
def test_other_open_dimensions_and_integers(tmp_path, prepare, describe, known):
    path = tiny.save(tiny.tokens(), tmp_path / "m.onnx")
    full = {"ids": (1, 7), "mask": (1, 7)}
    source = prepare(path, **{known: full if known == "said" else dict.fromkeys(full, (7,))})
    assert describe(source.inputs) == {"ids": ("int64", (1, 7)), "mask": ("float32", (1, 7))}
    ids = np.arange(7, dtype=np.int64)[None]
    assert_same_answers(path, source, {"ids": ids, "mask": random(1, 7)})


def test_a_scalar_integer_and_a_sample_of_the_data(tmp_path, prepare, describe):
    path = tiny.save(tiny.scaled(), tmp_path / "m.onnx")
    sample = tmp_path / "sample.npz"
    np.savez(sample, x=random(1, 4), rate=np.int64(3))
    source = prepare(path, sample=sample)
    assert describe(source.inputs) == {"x": ("float32", (1, 4)), "rate": ("int64", ())}
    assert_same_answers(path, source, {"x": random(1, 4), "rate": np.array(3)})


def test_constants_become_weights(tmp_path, prepare):
    path = tiny.save(tiny.mlp_of_constants(), tmp_path / "m.onnx")
    source = prepare(path)
    assert source.operators == {"MatMul": 2, "Relu": 1}
    assert len(onnx.load(source.onnx).graph.initializer) == 2
    assert_same_answers(path, source, {"x": random(1, 4)})


@pytest.mark.parametrize(("version", "ir", "inputs"), [(9, 6, 1), (8, 3, 3)])
def test_an_old_model_is_raised(tmp_path, prepare, describe, version, ir, inputs):
    model = tiny.mlp(opset=version, ir=ir)
    assert len(model.graph.input) == inputs  # before format 4 weights are inputs as well
    path = tiny.save(model, tmp_path / "m.onnx")
    source = prepare(path)
    assert opset(source.onnx) == canonical_onnx.OPSET
    assert list(describe(source.inputs)) == ["x"]
    assert source.notes == ()
    assert_same_answers(path, source, {"x": random(1, 4)})


def test_a_newer_opset_is_kept(tmp_path, prepare):
    source = prepare(tiny.save(tiny.mlp(opset=19, ir=9), tmp_path / "m.onnx"))
    assert opset(source.onnx) == 19


def test_operators_of_subgraphs_count(tmp_path, prepare):
    path = tiny.save(tiny.branches(), tmp_path / "m.onnx")
    assert prepare(path).operators["Sin"] == 1


def test_weights_beside_the_model_count(tmp_path, prepare):
    """Two trainings differ in their weights alone: so must what identifies the source."""
    path = tmp_path / "m.onnx"
    tiny.save(tiny.mlp(), path, save_as_external_data=True, location="m.data", size_threshold=0)
    weights = tmp_path / "m.data"
    source = prepare(path)
    assert source.size_bytes == path.stat().st_size + weights.stat().st_size
    assert_same_answers(path, source, {"x": random(1, 4)})
    weights.write_bytes(bytes(weights.stat().st_size))
    (tmp_path / "work").rename(tmp_path / "before")
    assert prepare(path).sha256 != source.sha256


def test_a_step_that_changes_the_answers_is_left_out(tmp_path, monkeypatch):
    model = canonical_onnx.fix_shapes(tiny.mlp(), {"x": [1, 4]})
    reference = tmp_path / "reference.onnx"
    canonical_onnx.save(model, reference)
    sample = {"x": random(1, 4)}
    _, expected = canonical_onnx.answers(reference, sample)

    def negate(given):
        changed = onnx.ModelProto()
        changed.CopyFrom(given)
        for node in changed.graph.node:
            node.op_type = node.op_type.replace("Relu", "Neg")
        return changed

    def reshape(given):
        return canonical_onnx.fix_shapes(tiny.mlp(3), {"x": [3, 4]})

    def crash(given):
        raise RuntimeError("no\n  luck")

    monkeypatch.setattr(canonical_onnx, "_simplify", negate)
    monkeypatch.setattr(canonical_onnx, "_lift_constants", crash)
    monkeypatch.setattr(canonical_onnx, "_infer_shapes", reshape)
    path = tmp_path / "model.onnx"
    notes = canonical_onnx.write(model, path, sample, expected)
    assert notes[:2] == [
        "lifting its constants was left out: RuntimeError: no luck",
        "simplifying it was left out: the answers changed",
    ]
    assert notes[2].startswith("inferring its shapes was left out: the model does not")
    np.testing.assert_array_equal(answers(path, sample)[0], expected[0])


def test_an_output_of_another_shape_is_no_equal(tmp_path):
    path = tiny.save(canonical_onnx.fix_shapes(tiny.mlp(), {"x": [1, 4]}), tmp_path / "m.onnx")
    with pytest.raises(EdgeoptError, match=r"an output became \(1, 3\) instead of \(3,\)"):
        canonical_onnx._check(path, {"x": random(1, 4)}, [np.zeros(3)])


def test_without_onnx_runtime_nothing_answers(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NotInstalled) as caught:
        canonical_onnx.answers(tmp_path / "m.onnx", {})
    assert caught.value.args[0].startswith("onnxruntime is not installed")
    assert caught.value.hint == "pip install 'edgeopt[onnxruntime]'"

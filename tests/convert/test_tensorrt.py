"""What is made for TensorRT: held to its rules, and to the source's answers on a CPU."""

from __future__ import annotations

import msgspec
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeopt import convert, runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Converted, Job
from edgeopt.convert.sparse_2to4 import prune, prune_model
from edgeopt.convert.symmetric_qdq import check
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes import onnxruntime
from edgeopt.runtimes import onnxruntime_cuda as cuda
from edgeopt.runtimes import onnxruntime_tensorrt as provider
from edgeopt.sources import onnx as source_file
from edgeopt.sources.request import InspectRequest, PrepareRequest
from tests.runtimes.gpu_net import samples, write_net

RUNTIMES = ("tensorrt", "onnxruntime_cuda", "onnxruntime_tensorrt")
ALL = [(name, p) for name in RUNTIMES for p in runtimes.spec(name).precisions]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    path = str(write_net(folder / "net.onnx"))
    inputs = source_file.inspect(InspectRequest(path=path)).inputs
    shapes = {spec.name: spec.shape for spec in inputs}
    return source_file.prepare(PrepareRequest(path=path, shapes=shapes, folder=str(folder)))


@pytest.fixture
def make(source, tmp_path):
    """Converts, and opens what was made: (session, what was made, its path)."""

    def call(runtime, precision):
        calibration = {}
        for name, array in samples(16, seed=3).items():
            calibration[name] = str(tmp_path / f"{name}.npy")
            np.save(calibration[name], array)
        folder = tmp_path / f"{runtime}-{precision}"
        folder.mkdir()
        converter = convert.load(runtime)
        recipe = Recipe(
            runtime=runtime,
            precision=precision,
            quantization=converter.quantization(precision),
            options={"sparse_weights": 1} if precision == "fp16-2to4" else {},
        )
        job = Job(
            recipe=recipe, source=source, calibration=calibration, base=None, folder=str(folder)
        )
        made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
        path = folder / made.main
        return onnxruntime.open_session(str(path), 1, {}), made, path

    return call


def sqnr_db(session, source):
    reference = onnxruntime.open_session(source.reference_path, 1, {})
    given = samples(8, seed=5)
    signal = noise = 0.0
    for i in range(8):
        feed = [array[i] for array in given.values()]
        own, theirs = session.run(feed)[0], reference.run(feed)[0]
        signal, noise = signal + (theirs**2).sum(), noise + ((own - theirs) ** 2).sum()
    return 10 * np.log10(signal / max(noise, 1e-30))


LEAST_DB = {"fp32": 100, "fp16": 45, "int8-static": 20, "fp16-2to4": 3}


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "precision"), ALL)
def test_what_is_made_answers_on_a_cpu(make, source, runtime, precision):
    session, made, _ = make(runtime, precision)
    assert sqnr_db(session, source) > LEAST_DB[precision]
    assert [b.source for b in made.inputs] == ["z_image", "gain"]
    assert {b.dtype for b in (*made.inputs, *made.outputs)} == {"float32"}


def by_channel(model: onnx.ModelProto) -> int:
    """How many tensors of weights have a scale for each channel."""
    constants = {t.name: t for t in model.graph.initializer}
    return sum(
        node.op_type == "DequantizeLinear"
        and node.input[0] in constants
        and len(constants[node.input[1]].dims) == 1
        for node in model.graph.node
    )


def test_integers_are_as_explicit_quantization_wants_them(make):
    _, _, path = make("tensorrt", "int8-static")
    model = onnx.load(path)
    assert check(model) == []
    assert by_channel(model) == 3  # two convolutions and the product
    quantized = {n.output[0] for n in model.graph.node if n.op_type == "DequantizeLinear"}
    computing = [n for n in model.graph.node if n.op_type in ("Conv", "Gemm", "Add")]
    assert sorted({n.op_type for n in computing}) == ["Add", "Conv", "Gemm"]
    for node in computing:
        assert set(node.input[:2]) <= quantized, node.name  # the residual's both inputs
        assert not set(node.input[2:]) & quantized, node.name  # biases stay in float


def test_the_processors_own_quantization_would_be_refused(make):
    _, _, path = make("tensorrt", "int8-static")
    model = onnx.load(path)
    first = next(n for n in model.graph.node if n.op_type == "QuantizeLinear")
    for tensor in model.graph.initializer:
        if tensor.name == first.input[2]:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.array(3, np.int8), tensor.name))
    assert any("its zero point is not 0" in fault for fault in check(model))
    assert check(onnx.ModelProto()) == ["nothing in it is quantized"]


GROUPS = st.tuples(st.integers(1, 5), st.sampled_from([4, 8, 12]))


@given(
    arrays.arrays(np.float32, GROUPS, elements=st.floats(-10, 10, width=32)),
    st.booleans(),
)
def test_of_each_four_the_two_largest_stay(weights, turned):
    axis = 0 if turned else 1
    given_ = weights.T if turned else weights
    kept = prune(given_, axis)
    before, after = (np.moveaxis(a, axis, -1).reshape(-1, 4) for a in (given_, kept))
    for old, new in zip(before, after, strict=True):
        assert (new != 0).sum() <= 2
        assert set(new) <= {*old, 0.0}
        assert np.abs(new).sum() == pytest.approx(np.sort(np.abs(old))[2:].sum())


def test_weights_that_are_no_groups_of_four():
    with pytest.raises(ValueError, match="6 weights along axis 1 are no groups of 4"):
        prune(np.ones((4, 6)), 1)


def test_a_model_is_pruned_where_it_can_be_and_says_how_much(net, make):
    model = onnx.load(net)
    zeroed, total = prune_model(model)
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    assert (weights["w1"] != 0).all()  # three channels
    assert ((weights["w2"] != 0).sum(axis=1) == 4).all()
    assert ((weights["w3"].reshape(2, 4, 5) != 0).sum(axis=1) == 2).all()
    assert (zeroed, total) == ((8 * 8 * 9 + 8 * 5) // 2, 8 * 3 * 9 + 8 * 8 * 9 + 8 * 5)
    _, made, path = make("tensorrt", "fp16-2to4")
    assert made.notes[1].startswith("37% of its weights were set to 0 by magnitude (2:4)")
    halves = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    assert sorted((a != 0).mean() for a in halves.values() if a.ndim > 1)[:2] == [0.5, 0.5]
    assert sorted(p.name for p in path.parent.iterdir()) == ["model.onnx"]


def test_providers_that_are_not_there_are_import_errors():
    for module in (cuda, provider):
        with pytest.raises(ImportError, match=f"has no {module.PROVIDER}; it has .*CPUExecution"):
            module.version()


def test_a_provider_that_is_not_there_gives_its_work_to_the_processor(net):
    """ONNX Runtime warns and goes on: the facts must not say that a GPU ran it."""
    session = cuda.open_session(str(net), 1, {})
    facts = session.facts()
    assert facts["delegated"] == 0 < facts["total"]
    assert facts["providers"] == [onnxruntime.CPU]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"half": 2}, "unknown half 2; known: 0, 1"), ({"fp8": 1}, r"unknown .* options \['fp8'\]")],
)
def test_unknown_options_of_a_provider(options, message):
    with pytest.raises(ValueError, match=message):
        provider.open_session("no-file", 1, options)

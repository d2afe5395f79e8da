"""Every operator of a tail in numpy, held to ONNX Runtime's (CPU kernels)."""

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.tasks.graph_operators import OPERATORS
from benchmarks.tasks.graph_tail import GraphTail

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype(np.float32)
Y = RNG.normal(size=(2, 3, 4)).astype(np.float32)
P = np.abs(X) + 0.5
N = np.arange(-6, 18, dtype=np.int64).reshape(2, 3, 4)
IMAGE = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
BOOL = X > 0


def ints(*values):
    return np.array(values, np.int64)


#: operator, inputs, attributes, answers.
CASES = [
    *[(kind, [X], {}, 1) for kind in ("Abs", "Ceil", "Exp", "Floor", "Identity", "Neg", "Relu",
                                      "Sigmoid", "Tanh", "Flatten", "Softmax", "Transpose")],
    *[(kind, [P], {}, 1) for kind in ("Log", "Sqrt")],
    *[(kind, [X, Y], {}, 1) for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Equal",
                                         "Greater", "GreaterOrEqual", "Less", "LessOrEqual")],
    *[(kind, [BOOL, BOOL[::-1]], {}, 1) for kind in ("And", "Or")],
    ("Add", [X, Y[:, :1]], {}, 1), ("Max", [X, Y[0], P], {}, 1),
    ("Not", [BOOL], {}, 1), ("Where", [BOOL, X, Y[:1]], {}, 1),
    ("Div", [N, ints(4)], {}, 1), ("Pow", [P, np.float32([2.5])], {}, 1),
    ("Pow", [X, np.float32(2)], {}, 1), ("Sigmoid", [300 * X], {}, 1),
    ("Cast", [X], {"to": TensorProto.INT64}, 1), ("Cast", [N], {"to": TensorProto.FLOAT}, 1),
    ("Clip", [X, np.float32(-0.5), np.float32(0.5)], {}, 1),
    ("Clip", [X, None, np.float32(0.1)], {}, 1),
    ("Clip", [X], {}, 1), ("Concat", [X, Y], {"axis": 1}, 1),
    ("Concat", [X, Y, X], {"axis": -1}, 1),
    ("Softmax", [X], {"axis": 1}, 1), ("Softmax", [200 * X], {"axis": 0}, 1),
    ("Transpose", [X], {"perm": [2, 0, 1]}, 1), ("Flatten", [X], {"axis": 2}, 1),
    ("Flatten", [X], {"axis": 0}, 1), ("Reshape", [X, ints(0, -1)], {}, 1),
    ("Reshape", [X, ints(4, 6)], {}, 1), ("Squeeze", [X[:, :1]], {}, 1),
    ("Squeeze", [X[:, :1], ints(1)], {}, 1), ("Unsqueeze", [X, ints(0, 4)], {}, 1),
    ("Unsqueeze", [X, ints(-1)], {}, 1), ("Split", [X, ints(1, 3)], {"axis": 2}, 2),
    ("Split", [X, ints(1, 1, 1)], {"axis": -2}, 3),
    ("Split", [X], {"axis": 2, "num_outputs": 2}, 2),
    ("Split", [X], {"axis": 1, "num_outputs": 2}, 2),
    ("Slice", [X, ints(1), ints(3), ints(2)], {}, 1), ("Slice", [X, ints(0, 0), ints(1, 2)], {}, 1),
    ("Slice", [X, ints(-1), ints(-1000), ints(2), ints(-1)], {}, 1),
    ("Slice", [X, ints(-3), ints(2**62), ints(-1), ints(2)], {}, 1),
    ("Slice", [X, ints(3), ints(0), ints(2), ints(-2)], {}, 1),
    ("Gather", [X, ints(2, 0)], {"axis": 1}, 1),
    ("Gather", [X, np.array([[1, -1]])], {"axis": 2}, 1),
    ("GatherElements", [X, N % 3], {"axis": 1}, 1),
    ("GatherElements", [X, (N % 4)[:, :2, :3]], {"axis": -1}, 1),
    ("Expand", [X[:, :1], ints(2, 5, 4)], {}, 1), ("Tile", [X, ints(1, 2, 1)], {}, 1),
    ("MatMul", [X, Y[0].T.copy()], {}, 1), ("ArgMax", [X], {"axis": 1}, 1),
    ("ArgMax", [np.round(X)], {"axis": 2, "keepdims": 0}, 1),
    ("TopK", [X, ints(2)], {"axis": 1}, 2), ("TopK", [np.round(X), ints(3)], {}, 2),
    ("TopK", [X, ints(2)], {"largest": 0}, 2),
    *[(kind, [X, ints(1)], {}, 1) for kind in ("ReduceMax", "ReduceMean", "ReduceMin",
                                               "ReduceSum")],
    ("ReduceSum", [X, ints(0, 2)], {"keepdims": 0}, 1), ("ReduceSum", [X], {}, 1),
    ("ReduceMax", [X], {"keepdims": 0}, 1),
    ("ReduceSum", [X], {"noop_with_empty_axes": 1}, 1),
    ("Conv", [IMAGE, IMAGE[:, :, :1, :1].copy()], {}, 1),
    ("Conv", [IMAGE, IMAGE[:, :, :1, :1].copy(), X[0, :2, 0].copy()], {}, 1),
]  # fmt: skip


def by_onnxruntime(kind, inputs, about, count):
    names = [f"i{k}" if array is not None else "" for k, array in enumerate(inputs)]
    given = {n: np.asarray(a) for n, a in zip(names, inputs, strict=True) if n}
    node = helper.make_node(kind, names, [f"o{k}" for k in range(count)], **about)
    sizes = {n: helper.np_dtype_to_tensor_dtype(a.dtype) for n, a in given.items()}
    moving = {n: a for n, a in given.items() if n == "i0"}
    fixed = [numpy_helper.from_array(a, n) for n, a in given.items() if n not in moving]
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info(n, sizes[n], a.shape) for n, a in moving.items()],
        [helper.make_empty_tensor_value_info(f"o{k}") for k in range(count)], fixed,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return ort.InferenceSession(model.SerializeToString()).run(None, moving)


@pytest.mark.parametrize(("kind", "inputs", "about", "count"), CASES)
def test_as_onnxruntime(kind, inputs, about, count):
    true = by_onnxruntime(kind, inputs, about, count)
    own = {k: helper.tensor_dtype_to_np_dtype(v).name if k == "to" else v for k, v in about.items()}
    made = OPERATORS[kind](own, inputs)
    assert len(made) == len(true)
    for ours, theirs in zip(made, true, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)


def test_every_operator_is_held_to_it():
    assert {kind for kind, *_ in CASES} == set(OPERATORS)


@pytest.mark.parametrize(
    ("weights", "about"),
    [
        (IMAGE[:, :, :3, :3], {}),
        (IMAGE[:, :1, :1, :1], {"group": 3}),
        (IMAGE[:, :, :1, :1], {"strides": [2, 2]}),
        (IMAGE[:, :, :1, :1], {"pads": [1, 1, 1, 1]}),
    ],
)
def test_a_convolution_over_places_is_refused(weights, about):
    with pytest.raises(ValueError, match="a convolution in it has"):
        OPERATORS["Conv"](about, [IMAGE, weights])


def test_what_is_unknown_is_named():
    step = {"operator": "Resize", "inputs": ["x"], "outputs": ["y"], "attributes": {}}
    with pytest.raises(ValueError, match="numpy has no Resize here"):
        GraphTail({"inputs": ["x"], "outputs": ["y"], "steps": [step, step]}, {})

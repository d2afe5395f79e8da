import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.decoding import rolling
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks import memory


def leaky(inputs):
    """A sum that forgets a half at each step; its answers share a buffer, as runtimes have it."""
    leaky.buffer[...] = inputs["state"] / 2 + inputs["x"].sum()
    return {"next": leaky.buffer, "y": leaky.buffer * 10}


leaky.buffer = np.zeros(1)


def test_states_go_back_and_answers_are_kept():
    sequence = [{"x": np.array([float(i)])} for i in range(5)]
    found, state = rolling.roll(leaky, sequence, {"next": "state"}, {"state": np.zeros(1)})
    wanted, value = [], 0.0
    for i in range(5):
        value = value / 2 + i
        wanted.append([10 * value])
    assert found.keys() == {"y"}
    assert found["y"].tolist() == wanted
    assert state["state"].tolist() == [value]


def test_a_sequence_in_two_halves_is_the_whole():
    sequence = [{"x": np.array([float(i)])} for i in range(6)]
    pairs = {"next": "state"}
    whole, end = rolling.roll(leaky, sequence, pairs, {"state": np.zeros(1)})
    first, state = rolling.roll(leaky, sequence[:2], pairs, {"state": np.zeros(1)})
    second, state = rolling.roll(leaky, sequence[2:], pairs, state)
    np.testing.assert_array_equal(np.concatenate([first["y"], second["y"]]), whole["y"])
    assert state["state"] == end["state"]


def test_frames_and_zeros():
    assert rolling.frames(np.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert rolling.frames(np.arange(7), 3, overlap=1).tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    found = rolling.zeros({"h": ("float32", (2, None, 4))})
    assert (found["h"].shape, found["h"].dtype) == ((2, 1, 4), np.float32)


def test_what_is_too_short_or_missing():
    with pytest.raises(
        rolling.TooShort, match="a sequence of 2 values is shorter than a step of 3"
    ):
        rolling.frames(np.arange(2), 3)
    with pytest.raises(rolling.TooShort, match="0 steps"):
        rolling.roll(leaky, [], {}, {})
    with pytest.raises(ValueError, match="no first value of the states state"):
        rolling.roll(leaky, [{}], {"next": "state"}, {})
    given = {"x": np.zeros(1), "state": np.zeros(2)}
    with pytest.raises(ValueError, match=r"the state state is \[2\] and comes back as \[1\]"):
        rolling.roll(lambda _: {"next": np.zeros(1)}, [given], {"next": "state"}, given)


WIDTH, HIDDEN = 4, 3


def lstm(length):
    """An LSTM over `length` steps, its state as input and output, in ONNX Runtime."""
    rng = np.random.default_rng(0)
    sizes = {"W": (1, 4 * HIDDEN, WIDTH), "R": (1, 4 * HIDDEN, HIDDEN), "B": (1, 8 * HIDDEN)}
    weights = [
        numpy_helper.from_array(rng.normal(size=size).astype(np.float32), name)
        for name, size in sizes.items()
    ]
    inputs = {"x": (length, 1, WIDTH), "h0": (1, 1, HIDDEN), "c0": (1, 1, HIDDEN)}
    outputs = {"y": (length, 1, 1, HIDDEN), "hn": (1, 1, HIDDEN), "cn": (1, 1, HIDDEN)}
    node = helper.make_node("LSTM", ["x", *sizes, "", "h0", "c0"], [*outputs], hidden_size=HIDDEN)
    infos = [
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in one.items()
        ]
        for one in (inputs, outputs)
    ]
    graph = helper.make_graph([node], "lstm", *infos, weights)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    specs = [
        [TensorSpec(name=name, dtype="float32", shape=shape) for name, shape in one.items()]
        for one in (inputs, outputs)
    ]
    return specs, lambda given: dict(zip(outputs, session.run(None, given), strict=True))


def test_step_by_step_is_the_whole_sequence():
    (inputs, outputs), step = lstm(1)
    pairs = memory.find(inputs, outputs)
    assert pairs == {"hn": "h0", "cn": "c0"}
    signal = np.random.default_rng(1).normal(size=(20, 1, WIDTH)).astype(np.float32)
    start = rolling.zeros({one.name: (one.dtype, one.shape) for one in inputs[1:]})
    found, state = rolling.roll(step, [{"x": one[None]} for one in signal], pairs, start)
    whole = lstm(20)[1]({"x": signal, **start})
    np.testing.assert_allclose(found["y"][:, 0], whole["y"], atol=1e-6)
    np.testing.assert_allclose(state["c0"], whole["cn"], atol=1e-6)
    forgetful, _ = rolling.roll(step, [{"x": one[None], **start} for one in signal], {}, {})
    assert np.abs(forgetful["y"][:, 0] - whole["y"]).max() > 0.01

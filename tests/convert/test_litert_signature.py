"""A LiteRT file whose signature names what its graph no longer answers with."""

import numpy as np
import pytest

from edgeopt.convert import onnx2tf
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes import litert
from tests.convert import tiny_nets

pytestmark = pytest.mark.slow

INPUTS = tuple(TensorSpec(name=name, dtype="float32", shape=(1, 4)) for name in "ab")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    place = tmp_path_factory.mktemp("signature")
    return onnx2tf.convert(tiny_nets.two_by_two(place / "m.onnx"), place, INPUTS)


def changed(file, target, change):
    """The file with other tensors in its signature's outputs."""
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(file))
    change(model.signatureDefs[0].outputs, model.subgraphs[0])
    flatbuffer_utils.write_model(model, str(target))
    return target


def inner(outputs, graph):
    """As a quantizer leaves it: the second output is a tensor inside the graph."""
    [within] = [op.outputs[0] for op in graph.operators if op.outputs[0] not in graph.outputs][:1]
    outputs[1].tensorIndex = within


def fewer(outputs, graph):
    del outputs[1]


def same_twice(outputs, graph):
    outputs[1].tensorIndex = outputs[0].tensorIndex


@pytest.mark.parametrize("change", [inner, fewer, same_twice])
def test_the_graph_answers_where_the_signature_names_others(file, tmp_path, change):
    whole = litert.open_session(str(file), 1, {})
    other = litert.open_session(str(changed(file, tmp_path / "m.tflite", change)), 1, {})
    assert [spec["name"] for spec in other.inputs] == ["a", "b"]  # the inputs' names still hold
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(1, 4)).astype(np.float32) for _ in range(2)]
    expected = whole.run(given)
    answers = other.run(given)
    for array in expected:
        assert any(np.array_equal(array, answer) for answer in answers)


def test_names_of_the_signature_are_kept_where_it_is_right(file):
    session = litert.open_session(str(file), 1, {})
    assert [spec["name"] for spec in session.outputs] == ["p", "q"]

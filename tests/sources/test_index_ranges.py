"""Which whole numbers an input may hold, by the tables that it chooses rows of."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.sources.index_ranges import RangesRequest, ranges
from tests.sources.tiny_onnx import FLOAT, INT64, graph, mlp, save, tensor, tokens, weight


def whole(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def chosen(*before, kind=INT64, extra=(), table=11):
    """x[1, 3] -> what `before` makes of it, "ids" -> rows of a table."""
    nodes = [*before, helper.make_node("Gather", ["table", "ids"], ["y"])]
    return graph(
        nodes, [tensor("x", [1, 3], kind)], [tensor("y", [1, 3, 5])],
        [weight("table", table, 5), *extra],
    )  # fmt: skip


def node(kind, *inputs, out="ids", **attributes):
    return helper.make_node(kind, list(inputs), [out], **attributes)


def one_hot():
    made = node("OneHot", "x", "depth", "off_on", out="y")
    values = numpy_helper.from_array(np.array([0, 1], np.float32), "off_on")
    return graph(
        [made], [tensor("x", [1, 3], INT64)], [tensor("y", [1, 3, 7])], [whole("depth", 7), values]
    )


def of_two_tables():
    nodes = [
        helper.make_node("Gather", ["words", "x"], ["a"]),
        helper.make_node("Gather", ["kinds", "x"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    weights = [weight("words", 11, 5), weight("kinds", 2, 5)]
    return graph(nodes, [tensor("x", [1, 3], INT64)], [tensor("y", [1, 3, 5])], weights)


def of_a_computed_table():
    nodes = [
        helper.make_node("Relu", ["t"], ["table"]),
        helper.make_node("Gather", ["table", "x"], ["y"], axis=1),
    ]
    inputs = [tensor("t", [4, 9]), tensor("x", [3], INT64)]
    return graph(nodes, inputs, [tensor("y", [4, 3])])


CASES = {
    "ids of a table": (tokens(), {"ids": (0, 10)}),
    "an image": (mlp(), {}),
    "through a cast": (chosen(node("Cast", "x", to=INT64), kind=TensorProto.INT32), {"x": (0, 10)}),
    "floats that are cast": (chosen(node("Cast", "x", to=INT64), kind=FLOAT), {"x": (0, 10)}),
    "through a new shape": (
        chosen(node("Reshape", "x", "shape"), extra=[whole("shape", 3, 1)]),
        {"x": (0, 10)},
    ),
    "an offset before it": (
        chosen(node("Add", "x", "offset"), extra=[whole("offset", 2)]),
        {"x": (0, 8)},
    ),
    "offsets of columns": (
        chosen(node("Add", "x", "offset"), extra=[whole("offset", 0, 3, 6)]),
        {"x": (0, 4)},
    ),
    "less one": (
        chosen(node("Sub", "x", "offset"), extra=[whole("offset", 1)]),
        {"x": (1, 11)},
    ),
    "one-hot": (one_hot(), {"x": (0, 6)}),
    "the smaller of two tables": (of_two_tables(), {"x": (0, 1)}),
    "columns of what is computed": (of_a_computed_table(), {"x": (0, 8)}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rows_that_an_input_may_choose(name, tmp_path):
    model, expected = CASES[name]
    path = save(model, tmp_path / "m.onnx")
    assert ranges(RangesRequest(onnx=str(path))).of == expected

"""What one call costs, counted by hand for small graphs."""

from __future__ import annotations

import pytest
from onnx import helper

from edgeopt.sources import costs
from tests.sources.tiny_onnx import INT64, graph, mlp, save, tensor, weight


def one(kind, shapes, out, weights, **attributes):
    """A graph of one operator."""
    names = [f"x{i}" for i in range(len(shapes))] + [w.name for w in weights]
    node = helper.make_node(kind, names, ["y"], **attributes)
    inputs = [tensor(f"x{i}", shape) for i, shape in enumerate(shapes)]
    return graph([node], inputs, [tensor("y", out)], weights)


@pytest.mark.parametrize(
    ("model", "multiply_adds"),
    [
        (mlp(batch=1), 4 * 8 + 8 * 3),
        (mlp(batch=5), 5 * (4 * 8 + 8 * 3)),
        (one("Conv", [[1, 3, 8, 8]], [1, 4, 6, 6], [weight("w", 4, 3, 3, 3)]), 4 * 36 * 27),
        (
            one("Conv", [[1, 4, 8, 8]], [1, 4, 6, 6], [weight("w", 4, 1, 3, 3)], group=4),
            4 * 36 * 9,
        ),
        (
            one("ConvTranspose", [[1, 3, 4, 4]], [1, 2, 5, 5], [weight("w", 3, 2, 2, 2)]),
            3 * 16 * 8,
        ),
        (one("Gemm", [[6, 2]], [2, 5], [weight("w", 6, 5)], transA=1), 2 * 5 * 6),
        (one("MatMul", [[2, 3, 4], [2, 4, 5]], [2, 3, 5], []), 2 * 3 * 5 * 4),
        (
            one(
                "GRU",
                [[7, 1, 4]],
                [7, 1, 1, 5],
                [weight("w", 1, 15, 4), weight("r", 1, 15, 5)],
                hidden_size=5,
            ),
            7 * 15 * (4 + 5),
        ),
        (one("Relu", [[1, 9]], [1, 9], []), 0),
    ],
)
def test_multiply_adds(model, multiply_adds, tmp_path):
    found = costs.count(save(model, tmp_path / "m.onnx"))
    assert (found.multiply_adds, found.uncounted) == (multiply_adds, ())


def test_parameters_and_what_they_take(tmp_path):
    found = costs.count(save(mlp(batch=1), tmp_path / "m.onnx"))
    assert (found.parameters, found.weight_bytes) == (4 * 8 + 8 * 3, 4 * (4 * 8 + 8 * 3))


def test_activations_are_counted_while_they_are_needed(tmp_path):
    """The hidden values before and after the Relu are there at one time, the input no more."""
    found = costs.count(save(mlp(batch=1, hidden=100), tmp_path / "m.onnx"))
    assert found.activation_bytes == 4 * (100 + 100)


def test_what_holds_graphs_is_named(tmp_path):
    inner = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])], "inner", [], [tensor("z", [1, 4])]
    )
    nodes = [helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)]
    model = graph(nodes, [tensor("x", [1, 4]), tensor("c", [1], 9)], [tensor("y", [1, 4])])
    assert costs.count(save(model, tmp_path / "m.onnx")).uncounted == ("If",)


def test_whole_numbers_have_their_own_width(tmp_path):
    model = graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor("x", [1, 4], INT64)],
        [tensor("y", [1, 4], INT64)],
    )
    assert costs.count(save(model, tmp_path / "m.onnx")).activation_bytes == 2 * 4 * 8

"""Pieces of graphs that may stay in float together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.convert.groups import groups
from edgeopt.domain.layers import Operator


def op(name, *inputs, computes=True, elements=10):
    return Operator(
        name=name, label=name, type="Conv" if computes else "Add", inputs=inputs, outputs=(name,),
        elements=elements, computes=computes,
    )  # fmt: skip


def plain(name, *inputs):
    return op(name, *inputs, computes=False)


#: x -> a -> relu -> [b -> c] + shortcut -> d, e
RESIDUAL = [
    op("a", "x"), plain("relu", "a"), op("b", "relu"), op("c", "b"), plain("sum", "c", "relu"),
    op("d", "sum"), op("e", "d"),
]  # fmt: skip


def test_a_piece_does_not_end_within_a_shortcut():
    found = groups(RESIDUAL)
    assert [group.span for group in found] == ["0-1", "2-4", "5", "6"]
    assert [group.layers for group in found] == [("a",), ("b", "c"), ("d",), ("e",)]


def test_pieces_are_as_many_as_asked():
    assert [group.span for group in groups(RESIDUAL, most=2)] == ["0-4", "5-6"]


def test_what_is_converted_at_both_ends_is_counted():
    graph = [op("a", "x", elements=3), op("b", "a", elements=5), op("c", "b", elements=7)]
    # The first reads the model's input: no operator made it, and what it gives is converted.
    assert [group.elements for group in groups(graph)] == [3, 3 + 5, 5]


def test_a_value_that_lives_throughout_forbids_no_end():
    """A mask that every block of a transformer reads."""
    graph = [op("m", "x"), *(op(f"b{i}", f"b{i - 1}" if i else "m", "m") for i in range(4))]
    assert len(groups(graph)) >= 4


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 10))
def test_pieces_cover_the_graph_once(computing, most):
    graph = [
        op(f"t{i}", f"t{i - 1}" if i else "x", computes=flag) for i, flag in enumerate(computing)
    ]
    found = groups(graph, most)
    held = [n for group in found for n in range(group.first, group.last + 1)]
    assert held == list(range(len(graph)))
    assert len(found) <= most


#: x -> a -> [box -> r] and [cls -> s] -> y
BRANCHED = [
    op("a", "x"), op("b", "a"), op("box", "b"), plain("r", "box"), op("cls", "b"),
    plain("s", "cls"), plain("y", "r", "s"),
]  # fmt: skip


@pytest.mark.parametrize("most", [1, 2, 20])
def test_chosen_layers_are_pieces_of_their_own(most):
    found = groups(BRANCHED, most, own=(2, 4))
    assert [group.layers for group in found[-2:]] == [("box",), ("cls",)]
    assert [group.span for group in found[-2:]] == ["2-3", "4-6"]


def test_a_chosen_layer_that_comes_first_leaves_no_empty_piece():
    found = groups([plain("pad", "x"), op("a", "pad"), op("b", "a")], own=(1,))
    assert [group.layers for group in found] == [("a",), ("b",)]


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 10), st.data())
def test_pieces_cover_the_graph_once_whatever_is_chosen(computing, most, data):
    graph = [
        op(f"t{i}", f"t{i - 1}" if i else "x", computes=flag) for i, flag in enumerate(computing)
    ]
    layers = [i for i, flag in enumerate(computing) if flag]
    own = data.draw(st.sets(st.sampled_from(layers))) if layers else set()
    found = groups(graph, most, own)
    held = [n for group in found for n in range(group.first, group.last + 1)]
    assert held == list(range(len(graph)))
    alone = {group.layers for group in found}
    assert all((f"t{i}",) in alone for i in own)

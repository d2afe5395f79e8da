"""Pieces of graphs that may stay in float together."""

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

import pytest

from edgeopt.convert.bindings import (
    CHANNELS_LAST,
    arrangements,
    bind,
    candidates,
    channels_last,
    taken,
)
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import TensorSpec


def spec(name, *shape, dtype="float32"):
    return TensorSpec(name=name, dtype=dtype, shape=shape)


def found(name, *shape, dtype="float32", **quantized):
    return {"name": name, "dtype": dtype, "shape": list(shape), **quantized}


def permute(want, got, known=None):
    (binding,) = bind((spec("x", *want),), [found("x", *got)], {"x": known} if known else {})
    assert binding.shape == got
    return binding.permute


def test_names_decide():
    bindings = bind((spec("b", 1, 4), spec("a", 1, 4)), [found("a", 1, 4), found("b", 1, 4)], {})
    assert [(b.source, b.name, b.index) for b in bindings] == [("b", "b", 1), ("a", "a", 0)]


def test_more_tensors_than_the_source_has():
    """Names decide even where the artifact has more."""
    artifact = [found("extra", 7), found("b", 1, 4), found("a", 1, 3)]
    bindings = bind((spec("a", 1, 3), spec("b", 1, 4)), artifact, {})
    assert [(b.source, b.index) for b in bindings] == [("a", 2), ("b", 1)]


def test_without_names_the_position_decides():
    artifact = [found("args_0", 1, 4), found("args_1", 1, 4)]
    bindings = bind((spec("zeta", 1, 4), spec("alpha", 1, 4)), artifact, {})
    assert [(b.source, b.name, b.index) for b in bindings] == [
        ("zeta", "args_0", 0),
        ("alpha", "args_1", 1),
    ]


def test_one_name_of_several_is_enough_for_all():
    artifact = [found("alpha", 1, 4), found("other", 1, 4)]
    bindings = bind((spec("zeta", 1, 4), spec("alpha", 1, 4)), artifact, {})
    assert [(b.source, b.name) for b in bindings] == [("zeta", "other"), ("alpha", "alpha")]


@pytest.mark.parametrize(
    ("names", "theirs"),
    [
        (("b_in:0", "a_in:0"), ("a_in__0", "b_in__0")),
        (("b_in:0", "a_in"), ("a_in", "b_in__0")),
        (("x/b.in", "x/a in"), ("x_a_in", "x_b_in")),
        (("b", "a"), ("serving_default_a:0", "serving_default_b:0")),
        (("b_größe", "a_入力"), ("a_入力", "b_größe")),
    ],
)
def test_names_that_a_tool_spells_otherwise(names, theirs):
    bindings = bind(
        tuple(spec(name, 1, 4) for name in names), [found(name, 1, 4) for name in theirs], {}
    )
    assert [b.index for b in bindings] == [1, 0]


def test_names_that_become_the_same_do_not_tell():
    wanted = (spec("a:0", 1, 4), spec("a_0", 1, 3))
    bindings = bind(wanted, [found("a_0_1", 1, 3), found("a__0", 1, 4)], {})
    assert [b.index for b in bindings] == [1, 0]


@pytest.mark.parametrize(
    ("wanted", "artifact", "expected"),
    [
        (
            [(1, 172, 88), (1, 172, 264), (1, 88)],
            [(1, 172, 264), (1, 88), (1, 172, 88)],
            [2, 0, 1],
        ),
        ([(1, 3, 8, 6), (1, 8, 6)], [(1, 8, 6), (1, 8, 6, 3)], [1, 0]),  # channels became last
        ([(1, 4), (1, 4), (1, 5)], [(1, 5), (1, 4), (1, 4)], [1, 2, 0]),
        ([(1, 4), (1, 2, 2)], [(1, 2, 2), (4,)], [1, 0]),
    ],
)
def test_without_names_the_shape_decides_before_the_position(wanted, artifact, expected):
    specs = tuple(spec(f"want_{i}", *shape) for i, shape in enumerate(wanted))
    names = ("Identity", "Identity_1", "StatefulPartitionedCall")
    tensors = [found(name, *shape) for name, shape in zip(names, artifact, strict=False)]
    assert [b.index for b in bind(specs, tensors, {})] == expected


def test_a_name_with_another_shape_does_not_tell():
    artifact = [found("a", 1, 5), found("b", 1, 4)]
    bindings = bind((spec("a", 1, 4), spec("z", 1, 5)), artifact, {})
    assert [b.name for b in bindings] == ["b", "a"]


def test_a_float_is_no_integer_where_there_is_a_choice():
    artifact = [found("p", 1, 4, dtype="int64"), found("q", 1, 4)]
    bindings = bind((spec("scores", 1, 4), spec("best", 1, 4, dtype="int32")), artifact, {})
    assert [b.name for b in bindings] == ["q", "p"]


def test_what_may_be_several_is_told():
    wanted = (spec("y", 1, 4), spec("z", 1, 4), spec("h", 1, 7))
    artifact = [found("Identity_2", 1, 7), found("Identity", 1, 4), found("Identity_1", 1, 4)]
    assert candidates(wanted, artifact, {}) == [(1, 2), (1, 2), (0,)]
    assert list(arrangements([(1, 2), (1, 2), (0,)])) == [(1, 2, 0), (2, 1, 0)]
    numbered = [found(f"out{i}", 1, 4) for i in range(2)]
    assert candidates(wanted[:2], numbered, {}) == [(0,), (1,)]


def test_counts_that_differ():
    with pytest.raises(EdgeoptError) as caught:
        bind((spec("a", 1), spec("b", 1)), [found("x", 1)], {})
    assert caught.value.args[0] == (
        "the source has 2 tensors (a, b), the artifact 1 (x), and their names do not match."
    )


def test_types_and_quantization_are_the_artifacts():
    artifact = [found("x", 1, 4, dtype="int8", scale=0.5, zero_point=3)]
    (binding,) = bind((spec("x", 1, 4),), artifact, {})
    assert (binding.dtype, binding.scale, binding.zero_point) == ("int8", 0.5, 3)
    (plain,) = bind((spec("x", 1, 4),), [found("x", 1, 4)], {})
    assert (plain.scale, plain.zero_point, plain.permute) == (None, None, None)


@pytest.mark.parametrize("left_open", [None, "batch"])
def test_a_dimension_that_a_session_leaves_open(left_open):
    (binding,) = bind((spec("x", 1, 4),), [found("x", left_open, 4)], {})
    assert binding.shape == (1, 4)
    (added,) = bind((spec("x", 4),), [found("x", 4, left_open)], {})
    assert added.shape == (4, 1)


def test_a_dimension_that_the_source_leaves_open_is_one():
    assert permute((None, 4), (1, 4)) is None


@pytest.mark.parametrize(
    ("want", "got", "expected"),
    [
        ((1, 4), (1, 4), None),
        ((), (), None),
        ((1, 3, 8, 6), (1, 8, 6, 3), (0, 2, 3, 1)),
        ((1, 3, 8, 6), (1, 3, 8, 6), None),
        ((1, 2, 3, 4, 5), (1, 3, 4, 5, 2), (0, 2, 3, 4, 1)),
        ((1, 4, 4, 4), (1, 4, 4, 4), None),
        ((), (1,), None),
        ((1, 1, 5), (5,), None),
        ((4, 2), (4, 1, 2), None),
        ((1, 1, 6, 7), (1, 6, 7, 1), (0, 2, 3, 1)),
        ((1, 6, 7), (1, 7, 6), (0, 2, 1)),
        ((2, 6, 7), (2, 7, 6), (0, 2, 1)),
        ((1, 6, 1), (1, 1, 6), None),
        ((1, 7, 7), (1, 7, 7), None),
    ],
)
def test_layouts(want, got, expected):
    assert permute(want, got) == expected


@pytest.mark.parametrize(
    ("want", "got", "known", "expected"),
    [
        ((1, 4, 4, 4), (1, 4, 4, 4), CHANNELS_LAST, CHANNELS_LAST),  # no shape would tell
        ((1, 3, 8, 6), (1, 3, 8, 6), CHANNELS_LAST, None),  # it was not done
        ((2, 3), (3, 2), (1, 0), (1, 0)),
    ],
)
def test_a_layout_that_the_converter_is_known_to_make(want, got, known, expected):
    assert permute(want, got, known) == expected


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ((1, 4), (1, 5)),
        ((2, 3), (3, 2)),
        ((1, 3, 8, 6), (1, 6, 8, 3)),
        ((6,), (2, 3)),
        ((2, 3, 4), (3, 2, 4)),
        ((1, 3, 4), (1, 4, 2)),
    ],
)
def test_shapes_that_do_not_fit(want, got):
    with pytest.raises(EdgeoptError) as caught:
        permute(want, got)
    assert caught.value.args[0] == f"'x' is {want} in the source but {got} in the artifact."


def test_channels_last():
    assert channels_last(4) == CHANNELS_LAST == (0, 2, 3, 1)
    assert channels_last(5) == (0, 2, 3, 4, 1)


SIDE = (spec("x", 1, 4), spec("z", 1, 4), spec("ids", 1, 2, dtype="int64"))


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ([found("z", 1, 4)], ["z"]),
        ([found("serving_default_ids:0", 1, 2, dtype="int64"), found("x", 1, 4)], ["x", "ids"]),
        ([found("in0", 1, 4)], ["x", "z", "ids"]),  # nothing tells which it is
        ([found("z", 1, 5)], ["x", "z", "ids"]),
        ([], ["x", "z", "ids"]),
        ([found(name, 1, 4) for name in "xzw"], ["x", "z", "ids"]),
    ],
)
def test_inputs_that_a_tool_dropped_are_not_fed(artifact, expected):
    assert [one.name for one in taken(SIDE, artifact, {})] == expected


def test_a_shape_that_only_a_run_tells_is_the_sources():
    [binding] = bind((spec("y", 2, 3, 4, 5),), [{**found("out0"), "shape": None}], {})
    assert (binding.shape, binding.permute) == ((2, 3, 4, 5), None)

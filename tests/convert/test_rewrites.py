"""Each rewrite keeps the answers, and leaves nothing of what its tool gets wrong."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.convert import rewrites
from edgeopt.convert.rewrites.editor import attributes

RNG = np.random.default_rng(0)


def values(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def model(kind, shape, *weights, opset=22, **about):
    """One operator over `x`, with constant inputs behind it."""
    names = [f"w{i}" for i in range(len(weights))]
    node = helper.make_node(kind, ["x", *names], ["y"], **about)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in zip(names, weights, strict=True)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return onnx.shape_inference.infer_shapes(made)


def transposed(shape, weights, *bias, **about):
    return model("ConvTranspose", shape, values(*weights), *bias, **about)


def pool(kind, *sides, kernel, **about):
    return model(kind, [1, 3, *sides], kernel_shape=kernel, **about)


MODELS = {
    "elu": model("Elu", [1, 3, 5], alpha=2.0),
    "elu of a negative alpha": model("Elu", [4], alpha=-0.5),
    "prelu of a signal": model("PRelu", [2, 3, 5], values(3, 1)),
    "prelu of a volume": model("PRelu", [1, 3, 2, 4, 5], values(3, 1, 1, 1)),
    "shrink": model("Shrink", [1, 9], lambd=0.3, bias=0.2),
    "hard shrink": model("Shrink", [1, 9], lambd=0.7),
    "soft shrink": model("Shrink", [1, 9], lambd=0.4, bias=0.4),
    "rms": model("RMSNormalization", [1, 4, 6], values(6), opset=23),
    "swish": model("Swish", [1, 4, 6], opset=24, alpha=1.5),
    "centre": model("CenterCropPad", [1, 4, 6], np.array([3, 9]), opset=18, axes=[1, 2]),
    "conv, same lower": model(
        "Conv", [1, 3, 9, 8], values(4, 3, 3, 2), auto_pad="SAME_LOWER", strides=[2, 2]
    ),
    "conv, same upper, even": model("Conv", [1, 3, 9], values(4, 3, 4), auto_pad="SAME_UPPER"),
    "max, same lower": pool("MaxPool", 9, 8, kernel=[3, 2], auto_pad="SAME_LOWER", strides=[2, 1]),
    "mean, same upper": pool("AveragePool", 9, 8, kernel=[2, 2], auto_pad="SAME_UPPER"),
    "more rows": transposed(
        [2, 4, 5, 6], (4, 3, 3, 3), values(3),
        strides=[3, 2], output_padding=[1, 1], pads=[1, 0, 0, 1],
    ),
    "more rows than the product": transposed(
        [1, 4, 5, 6], (4, 3, 2, 2), values(3), strides=[3, 3], output_padding=[2, 1]
    ),
    "groups": transposed(
        [1, 4, 5, 6], (4, 3, 3, 3), values(6),
        group=2, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1],
    ),
    "groups of one": transposed([1, 4, 7], (4, 1, 3), group=4, strides=[2], pads=[1, 0]),
    "transposed, same lower": transposed(
        [1, 4, 5, 6], (4, 3, 3, 3), auto_pad="SAME_LOWER", strides=[2, 2]
    ),
    "transposed, same upper": transposed(
        [1, 4, 5, 6], (4, 3, 4, 3), auto_pad="SAME_UPPER", strides=[2, 3]
    ),
    "a shape": transposed([1, 4, 5, 6], (4, 3, 3, 3), output_shape=[10, 13], strides=[2, 2]),
    "grouped signal": model(
        "Conv", [1, 4, 9], values(6, 2, 3), values(6), group=2, pads=[1, 0], strides=[2],
        dilations=[2],
    ),
    "grouped signal, same": model(
        "Conv", [1, 4, 9], values(4, 1, 3), group=4, auto_pad="SAME_LOWER"
    ),
    "mean with zeros": pool("AveragePool", 9, 8, kernel=[3, 3], pads=[1] * 4, count_include_pad=1),
    "mean without zeros": pool(
        "AveragePool", 9, 8, kernel=[3, 3], pads=[1, 0, 1, 1], strides=[2, 2]
    ),
    "mean, padded at the end": pool("AveragePool", 9, 8, kernel=[2, 2], pads=[0, 0, 1, 1]),
    "mean, ceil": pool(
        "AveragePool", 9, 8, kernel=[3, 3], strides=[2, 2], ceil_mode=1, pads=[1] * 4,
        count_include_pad=1,
    ),
    "mean of a signal": pool("AveragePool", 9, kernel=[3], pads=[1, 1]),
    "mean of a volume": pool("AveragePool", 5, 6, 7, kernel=[3, 3, 3], pads=[1] * 6),
    "largest, dilated": pool(
        "MaxPool", 9, 8, kernel=[2, 2], dilations=[2, 3], strides=[2, 1], pads=[1, 0, 1, 1]
    ),
    "largest of every third": pool(
        "MaxPool", 19, 18, kernel=[2, 3], dilations=[2, 3], strides=[2, 6], pads=[1, 0, 1, 1]
    ),
    "largest, dilated, ceil": pool(
        "MaxPool", 20, kernel=[3], dilations=[4], strides=[3], pads=[1, 1], ceil_mode=1
    ),
}  # fmt: skip

#: What onnx2tf drops, refuses or gets wrong.
ILL = {
    "Elu": lambda about: about.get("alpha", 1.0) != 1.0,
    "ConvTranspose": lambda about: any(
        (about.get("group", 1) > 1, *about.get("output_padding", ()), "output_shape" in about)
    ),
    "AveragePool": lambda about: any((*about.get("pads", ()), about.get("ceil_mode", 0))),
    "MaxPool": lambda about: any(step > 1 for step in about.get("dilations", ())),
    "PRelu": lambda about: True,  # of these
    **dict.fromkeys(("Shrink", "RMSNormalization", "Swish", "CenterCropPad"), lambda about: True),
}


def sample(made):
    dims = made.graph.input[0].type.tensor_type.shape.dim
    return {"x": values(*(dim.dim_value for dim in dims))}


def answers(made, given):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, given)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_same_answers_in_other_words(name):
    made = MODELS[name]
    before, given = made.SerializeToString(), sample(made)
    changed, done = rewrites.rewritten(made, "onnx2tf", given)
    assert done
    assert made.SerializeToString() == before
    onnx.checker.check_model(changed)
    for other in (given, sample(made)):  # the one that it was held against, and a new one
        for own, theirs in zip(answers(changed, other), answers(made, other), strict=True):
            np.testing.assert_allclose(own, theirs, rtol=1e-4, atol=1e-5)
    assert changed.graph.node
    for node in changed.graph.node:
        about = attributes(node)
        assert not about.get("auto_pad", "NOTSET").startswith("SAME")
        assert not ILL.get(node.op_type, lambda about: False)(about)


@pytest.mark.parametrize(
    "made",
    [
        model("Elu", [1, 3, 5]),
        model("Relu", [1, 3]),
        model("PRelu", [1, 3, 4, 5], values(3, 1, 1)),
        model("PRelu", [1, 3, 4], values(1)),
        transposed([1, 4, 5, 6], (4, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1]),
        model("Conv", [1, 4, 9], values(6, 4, 3)),
        model("Conv", [1, 4, 9, 9], values(4, 2, 3, 3), group=2),
        pool("AveragePool", 8, 8, kernel=[2, 2], strides=[2, 2]),
        model("Elu", [1, 3], alpha=2.0, opset=12),  # the words of older opsets are others
    ],
    ids=lambda made: made.graph.node[0].op_type,
)
def test_what_a_tool_gets_right_stays(made):
    changed, done = rewrites.rewritten(made, "onnx2tf", sample(made))
    assert not done
    assert changed == made


def test_a_rewrite_that_changes_the_answers_is_left_out(monkeypatch, capsys):
    def wrong(editor):
        editor.model.graph.node[0].attribute[0].f = 3.0
        return 1

    rule = rewrites.Rule("Elu of three", wrong)
    monkeypatch.setitem(rewrites.RULES, "elu", rule)
    made = MODELS["elu"]
    changed, done = rewrites.rewritten(made, "onnx2tf", sample(made))
    assert (changed, done) == (made, ())
    assert "left out: Elu of three: the answers changed" in capsys.readouterr().out


def test_the_note_names_tool_and_change():
    _, done = rewrites.rewritten(MODELS["elu"], "onnx2tf", sample(MODELS["elu"]))
    assert rewrites.note("onnx2tf", done) == (
        "rewritten for onnx2tf, with the same answers: Elu with its alpha",
    )
    assert rewrites.note("onnx2tf", ()) == ()


def sequence(*nodes, out=(3, 4)):
    """Over `x` [3, 4] and two places, 0 and -1."""
    places = [numpy_helper.from_array(np.array(n, np.int64), f"at{n}") for n in (0, 1, -1)]
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **about) for kind, ins, outs, about in nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)],
        places,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


SEQUENCES = {
    "built and changed": sequence(
        ("Neg", ["x"], ["n"], {}),
        ("SequenceConstruct", ["x", "n"], ["s"], {}),
        ("SequenceInsert", ["s", "n", "at0"], ["t"], {}),
        ("SequenceErase", ["t", "at1"], ["u"], {}),
        ("SequenceAt", ["u", "at0"], ["a"], {}),
        ("SequenceAt", ["u", "at-1"], ["b"], {}),
        ("Sub", ["a", "b"], ["y"], {}),
    ),
    "split": sequence(
        ("SplitToSequence", ["x"], ["s"], {"axis": 1, "keepdims": 0}),
        ("SequenceAt", ["s", "at-1"], ["y"], {}),
        out=[3],
    ),
    "split and joined": sequence(
        ("SplitToSequence", ["x", "at1"], ["s"], {"axis": 0}),
        ("ConcatFromSequence", ["s"], ["y"], {"axis": 1}),
        out=[1, 12],
    ),
    "split by sizes that are given": sequence(
        ("Shape", ["x"], ["sizes"], {"start": 0, "end": 1}),
        ("SplitToSequence", ["x", "sizes"], ["s"], {"axis": 0}),
        ("SequenceLength", ["s"], ["n"], {}),
        ("Cast", ["n"], ["f"], {"to": TensorProto.FLOAT}),
        ("Mul", ["x", "f"], ["y"], {}),
    ),
    "stacked": sequence(
        ("SequenceEmpty", [], ["e"], {}),
        ("SequenceInsert", ["e", "x"], ["s"], {}),
        ("SequenceInsert", ["s", "x"], ["t"], {}),
        ("ConcatFromSequence", ["t"], ["y"], {"axis": 0, "new_axis": 1}),
        out=[2, 3, 4],
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_become_tensors(name):
    made = SEQUENCES[name]
    changed, done = rewrites.rewritten(made, "pnnx", {"x": values(3, 4)})
    assert done == ("sequences as plain tensors",)
    assert not [node for node in changed.graph.node if "Sequence" in node.op_type]
    given = {"x": values(3, 4)}
    np.testing.assert_array_equal(answers(changed, given)[0], answers(made, given)[0])


def test_a_sequence_whose_place_is_computed_stays():
    made = sequence(
        ("SequenceConstruct", ["x", "x"], ["s"], {}),
        ("ReduceMax", ["x"], ["most"], {"keepdims": 0}),
        ("Greater", ["most", "most"], ["no"], {}),
        ("Cast", ["no"], ["place"], {"to": TensorProto.INT64}),
        ("SequenceAt", ["s", "place"], ["y"], {}),
    )
    changed, done = rewrites.rewritten(made, "onnx2tf", {"x": values(3, 4)})
    assert (done, len(changed.graph.node)) == ((), 5)


@pytest.mark.parametrize("kind", ["Identity", "Dropout"])
def test_an_input_that_is_an_output_is_computed(kind):
    made = model(kind, [1, 3])
    changed, done = rewrites.rewritten(made, "pnnx", sample(made))
    assert done == ("inputs that are outputs as products by one",)
    assert [node.op_type for node in changed.graph.node] == ["Mul"]
    assert not rewrites.rewritten(made, "onnx2tf", sample(made))[1]


@pytest.mark.parametrize(
    ("made", "rewrites_it"),
    [
        (pool("AveragePool", 9, 8, kernel=[7, 7], pads=[0, 0, 1, 1]), True),
        (pool("AveragePool", 9, kernel=[2], pads=[0, 1], count_include_pad=1), True),
        (pool("AveragePool", 9, 8, kernel=[3, 3], pads=[0, 1, 1, 1], strides=[2, 2]), True),
        (pool("AveragePool", 9, 8, kernel=[3, 3], pads=[1] * 4), False),  # pnnx has these
        (pool("AveragePool", 9, 8, kernel=[3, 3], strides=[2, 2], ceil_mode=1), False),
        (pool("MaxPool", 9, 8, kernel=[2, 2], pads=[0, 0, 1, 1]), False),
    ],
)
def test_pnnx_gets_uneven_padding_of_means_by_a_pad(made, rewrites_it):
    changed, done = rewrites.rewritten(made, "pnnx", sample(made))
    assert bool(done) == rewrites_it
    given = sample(made)
    np.testing.assert_allclose(
        answers(changed, given)[0], answers(made, given)[0], rtol=1e-4, atol=1e-5
    )
    pooled = [node for node in changed.graph.node if node.op_type == "AveragePool"]
    pads = [attributes(node).get("pads", []) for node in pooled]
    assert all(pad[: len(pad) // 2] == pad[len(pad) // 2 :] for pad in pads)


REDUCTIONS = [
    ("ReduceMean", {}),
    ("ReduceMax", {"keepdims": 0}),
    ("ReduceL2", {"keepdims": 1}),
    ("ReduceLogSumExp", {}),
    ("ReduceSum", {"keepdims": 0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "about"), REDUCTIONS)
@pytest.mark.parametrize("opset", [18, 22])
@pytest.mark.parametrize("axes", [[-1], [1, 2]])
def test_pnnx_gets_the_axes_of_reductions_as_attributes(kind, about, opset, axes):
    made = model(kind, [1, 3, 5], np.array(axes), opset=opset, **about)
    changed, done = rewrites.rewritten(made, "pnnx", sample(made))
    assert done == ("axes of reductions as numbers",)
    onnx.checker.check_model(changed)
    [reduced] = [node for node in changed.graph.node if node.op_type.startswith("Reduce")]
    assert attributes(reduced)["axes"] == axes
    assert len(reduced.input) == 1
    given = sample(made)
    np.testing.assert_allclose(
        answers(changed, given)[0], answers(made, given)[0], rtol=1e-5, atol=1e-6
    )


def test_a_reduction_beside_what_older_opsets_have_not_stays():
    made = model("ReduceMean", [1, 3, 5], np.array([-1]), opset=18)
    made.graph.node[0].output[0] = "m"
    made.graph.node.append(helper.make_node("Mish", ["m"], ["y"]))
    _, done = rewrites.rewritten(made, "pnnx", sample(made))
    assert done == ()

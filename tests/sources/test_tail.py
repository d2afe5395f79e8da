"""What follows a graph's last weights, and what 8 bits would do badly there."""

import msgspec
import numpy as np
import onnx
import pytest

from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.domain.layers import Operator
from edgeopt.sources import folded, onnx_tail, tail, trial
from edgeopt.sources.onnx_tail import operators, tail_of
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec
from tests.sources import tiny_heads
from tests.sources.tiny_heads import HEADS, OTHERS, SIZE, images
from tests.sources.tiny_onnx import save


@pytest.fixture
def found(tmp_path):
    def call(name, samples=3):
        path = save(getattr(tiny_heads, name)(), tmp_path / f"{name}.onnx")
        return tail_of(path, [{"x": image} for image in images(samples)])

    return call


def kinds(one):
    return tuple(dict.fromkeys(finding.kind for finding in one.findings))


@pytest.mark.parametrize("name", HEADS)
def test_what_is_bad_in_a_head_is_found(found, name):
    assert kinds(found(name)) == HEADS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_head_has_nothing_bad(found, name):
    one = found(name)
    assert one.findings == ()
    assert one.layers


@pytest.mark.parametrize("name", [name for name, known in HEADS.items() if "one-scale" in known])
def test_without_ranges_a_share_of_one_tells(found, name):
    assert kinds(found(name, samples=0)) == HEADS[name]
    assert all(one.low is None for one in found(name, samples=0).findings[0].ranges)


def test_ranges_are_those_of_the_samples(found, tmp_path):
    import onnxruntime as ort

    joined = found("dfl").findings[-3]  # the last concatenation
    assert joined.operators == ("y",)
    pixels, scores = joined.ranges
    assert (pixels.tensor, scores.tensor) == ("pixels", "scores")
    session = ort.InferenceSession(str(tmp_path / "dfl.onnx"))
    answers = np.stack([session.run(None, {"x": image})[0] for image in images(3)])
    assert pixels.reach == pytest.approx(np.abs(answers[:, :, :4]).max(), rel=1e-5)
    assert scores.reach == pytest.approx(answers[:, :, 4:].max(), rel=1e-5)
    assert pixels.reach > 4 * scores.reach


def test_branches_end_where_the_tail_begins(found):
    one = found("dfl")
    assert one.layers == ("box", "cls")
    assert one.ends == ("box", "cls")
    assert "mean" in one.operators  # weights that count bins are no layer
    assert not {"stem", "relu1", "neck", "relu2", "box", "cls"} & set(one.operators)
    assert found("one_convolution").layers == ("head",)
    assert found("gated").operators == ()


def test_ranges_that_meet_by_measure_are_told_by_measure(found, tmp_path):
    """Sigmoids beside what hardly leaves 0 to 1 share a scale at no loss."""
    model = tiny_heads.raw_grid()
    for weights in model.graph.initializer:
        if weights.name == "box.weight":
            small = 0.2 * onnx.numpy_helper.to_array(weights)
            weights.CopyFrom(onnx.numpy_helper.from_array(small, weights.name))
    path = save(model, tmp_path / "small.onnx")
    assert tail_of(path, [{"x": image} for image in images(3)]).findings == ()
    assert kinds(tail_of(path, [])) == HEADS["raw_grid"]


def op(name, kind, *inputs, computes=False, elements=0):
    return Operator(
        name=name, label=name, type=kind, inputs=inputs, outputs=(name,), elements=elements,
        computes=computes,
    )  # fmt: skip


def in_words(conv, softmax, move, join):
    """A DFL head's graph in a runtime's own words."""
    return [
        op("body", conv, "x", computes=True), op("box", conv, "body", computes=True),
        op("cls", conv, "body", computes=True), op("moved", move, "box"),
        op("share", softmax, "moved", elements=16), op("back", move, "share", elements=16),
        op("mean", conv, "back", computes=True, elements=2), op("y", join, "mean", "cls"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("CONV_2D", "SOFTMAX", "TRANSPOSE", "CONCATENATION"),
        ("Convolution", "Softmax", "Transpose", "Concat"),
        ("conv2d", "softmax.int", "permute", "cat"),
        ("Conv", "Softmax", "Transpose", "Concat"),
    ],
)
def test_every_runtimes_words_are_known(words):
    graph = in_words(*words)
    assert [graph[i].name for i in sorted(tail.numbers(graph))] == [
        "moved", "share", "back", "mean", "y",
    ]  # fmt: skip
    assert [graph[i].name for i in tail.last_layers(graph)] == ["box", "cls"]


def test_a_layer_behind_a_softmax_that_keeps_its_size_is_a_layer():
    """A mixture of experts, say: its weights are features, no numbers of bins."""
    graph = [
        op("a", "MatMul", "x", computes=True), op("s", "Softmax", "a", elements=8),
        op("b", "MatMul", "s", computes=True, elements=16), op("y", "Relu", "b"),
    ]  # fmt: skip
    assert tail.numbers(graph) == {3}


def test_weights_inside_a_recurrent_layer_end_a_tail():
    graph = [op("a", "MatMul", "x", computes=True), op("l", "LSTM", "a"), op("y", "Sigmoid", "l")]
    assert tail.numbers(graph) == {2}
    assert tail.last_layers(graph) == (1,)


def test_a_graph_without_weights_has_no_tail():
    graph = [op("a", "Mul", "x", "z"), op("y", "Sigmoid", "a")]
    assert tail.numbers(graph) == frozenset()


@pytest.fixture
def source(tmp_path):
    path = save(tiny_heads.dfl(), tmp_path / "m.onnx")
    (tmp_path / "work").mkdir()
    np.savez(tmp_path / "trials.npz", x=images(4))
    shape = (1, 3, SIZE, SIZE)
    request = PrepareRequest(
        path=str(path), format="onnx", inputs=(OpenSpec(name="x", dtype="float32", shape=shape),),
        shapes={"x": shape}, folder=str(tmp_path / "work"), trials=str(tmp_path / "trials.npz"),
    )  # fmt: skip
    return trial.prepare(request)


def test_a_source_knows_its_tail(source):
    assert source.tail is not None
    assert kinds(source.tail) == HEADS["dfl"]
    assert source.facts().tail == source.tail


def test_a_folded_source_knows_its_own(source, tmp_path):
    frames = (255 * images(1)[0]).astype(np.uint8).transpose(0, 2, 3, 1)
    back = frames.transpose(0, 3, 1, 2).astype(np.float32) / 255
    np.savez(tmp_path / "original.npz", x=back)
    np.savez(tmp_path / "folded.npz", x=frames)
    fold = Fold(input=FoldedInput(name="x", scale=(1 / 255,), layout="nhwc"))
    (tmp_path / "folded").mkdir()
    request = folded.FoldRequest(
        source=source, fold=fold, output="y", original=str(tmp_path / "original.npz"),
        folded=str(tmp_path / "folded.npz"), folder=str(tmp_path / "folded"),
    )  # fmt: skip
    made = folded.fold(msgspec.to_builtins(request))["tail"]
    assert made["layers"] == source.tail.layers
    assert [one["kind"] for one in made["findings"]][-3:] == list(HEADS["dfl"])
    assert made["findings"][-2]["ranges"][0]["high"] > 4


def test_a_model_that_does_not_answer_keeps_its_findings(tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("no kernel")

    monkeypatch.setattr(onnx_tail, "measured", broken)
    path = save(tiny_heads.dfl(), tmp_path / "m.onnx")
    assert kinds(tail_of(path, [{"x": images(1)[0]}])) == HEADS["dfl"]
    assert "ranges in the tail are unknown" in capsys.readouterr().out


def test_operators_are_those_of_the_file():
    model = tiny_heads.dfl()
    assert [one.name for one in operators(model)] == [node.name for node in model.graph.node]

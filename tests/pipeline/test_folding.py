"""Preparation and the last step inside the model: the same answers from pixels."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edgeopt import parse, runtimes
from edgeopt.bundle.write import folded_words
from edgeopt.datasets.folded import decode, encode, encoded
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.domain.progress import silent
from edgeopt.pipeline import folding
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.intake import take_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

MEAN, SCALE = (124.0, 116.0, 104.0), (1 / 58, 1 / 57, 1 / 56)
PIXELS = np.random.default_rng(0).integers(0, 256, (120, 3, 8, 6), dtype=np.uint8)
IMAGES = ((PIXELS - np.reshape(MEAN, (3, 1, 1))) * np.reshape(SCALE, (3, 1, 1))).astype(np.float32)


def net(path):
    """Images, channels first, and a gain -> logits of 5 classes, and their sum."""
    rng = np.random.default_rng(1)
    weights = {
        "w": (rng.standard_normal((4, 3, 3, 3)) / 5).astype(np.float32),
        "v": rng.standard_normal((4, 5)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Mul", ["f", "gain"], ["g"]),
        helper.make_node("MatMul", ["g", "v"], ["logits"]),
        helper.make_node("ReduceSum", ["logits"], ["total"], keepdims=1),
    ]

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "net",
        [value("image", 1, 3, 8, 6), value("gain", 1, 1)],
        [value("logits", 1, 5), value("total", 1, 1)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def module(path):
    """The same as a PyTorch program."""
    import torch

    weights = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.v = (torch.nn.Parameter(torch.tensor(weights[k])) for k in "wv")

        def forward(self, image, gain):
            found = torch.conv2d(image, self.w, padding=1).relu().mean(dim=(2, 3))
            logits = (found * gain) @ self.v
            return logits, logits.sum(dim=1, keepdim=True)

    program = torch.export.export(Net().eval(), (torch.zeros(1, 3, 8, 6), torch.zeros(1, 1)))
    torch.export.save(program, path.with_suffix(".pt2"))
    return path.with_suffix(".pt2")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    path = net(tmp_path_factory.mktemp("net") / "net.onnx")
    return {"onnx": path, "pt2": module(path)}


def taken(folder, model, fold, **changes):
    gain = np.ones((len(IMAGES), 1), np.float32)
    data = {"image": IMAGES, "gain": gain, **changes.pop("data", {})}
    call = Call(model=model, targets=("this-machine",), data=data, out=folder / "run", fold=fold,
                **changes)  # fmt: skip
    return take_in(call, folder, silent)


@pytest.fixture(scope="module")
def plain(models, tmp_path_factory):
    """Form -> the net taken in with nothing folded: what every fold begins from."""
    return {
        form: taken(tmp_path_factory.mktemp(f"plain-{form}"), model, None)
        for form, model in models.items()
    }


@pytest.fixture(scope="module")
def folded(plain, tmp_path_factory):
    """folded(form, fold): the source with that inside, made once."""

    @cache
    def folded(form, fold):
        work = tmp_path_factory.mktemp(f"folded-{form}")
        intake = plain[form]
        parts = (intake.parts.choose, None, None)
        source, _, _ = folding.fold(
            fold, intake.source, intake.output, parts, work, work / "source.log", 120
        )
        return source

    return folded


def original(models, count=10):
    session = runtimes.load("onnxruntime").open_session(str(models["onnx"]), 1, {})
    one = np.ones((1, 1), np.float32)
    rows = [session.run([IMAGES[i : i + 1], one]) for i in range(count)]
    return [np.concatenate([row[k] for row in rows]) for k in range(2)]


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


NHWC = FoldedInput(name="image", mean=MEAN, scale=SCALE, layout="nhwc")
LAST = {"softmax": softmax, "argmax": lambda scores: scores.argmax(axis=1), None: lambda s: s}


@pytest.mark.parametrize("form", ["onnx", "pt2"])
@pytest.mark.parametrize(
    ("layout", "output"), [("nhwc", "softmax"), ("same", "argmax"), ("nhwc", None)]
)
def test_a_folded_source_answers_pixels_as_the_original_floats(
    models, folded, form, layout, output
):
    fold = Fold(input=msgspec.structs.replace(NHWC, layout=layout), output=output)
    source = folded(form, fold)
    shape = (1, 8, 6, 3) if layout == "nhwc" else (1, 3, 8, 6)
    assert (source.inputs[0].name, source.inputs[0].dtype) == ("image", "uint8")
    assert source.inputs[0].shape == shape
    assert source.channels_last == (("image",) if layout == "nhwc" else ())
    assert (source.path, source.format) == (str(models[form]), form)
    assert source.facts().fold == fold
    want_logits, want_total = original(models)
    forms = {"onnxruntime": source.onnx, source.reference_runtime: source.reference_path}
    for runtime, path in forms.items():
        session = runtimes.load(runtime).open_session(str(path), 1, {})
        for i in range(10):
            pixels = PIXELS[i : i + 1]
            pixels = pixels.transpose(0, 2, 3, 1) if layout == "nhwc" else pixels
            found, total = session.run([np.ascontiguousarray(pixels), np.ones((1, 1), np.float32)])
            expected = LAST[output](want_logits[i : i + 1])
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
            np.testing.assert_allclose(total, want_total[i : i + 1], rtol=1e-3, atol=1e-4)


def test_the_data_comes_along_and_the_request_is_another(models, tmp_path):
    labels = original(models, len(IMAGES))[0].argmax(axis=1)
    plain = taken(tmp_path, models["onnx"], None, data={"labels": labels}, metric="accuracy")
    (tmp_path / "b").mkdir()
    fold = Fold(input=NHWC, output="argmax")
    found = taken(tmp_path / "b", models["onnx"], fold, data={"labels": labels}, metric="accuracy")
    images = found.parts.choose.inputs["image"]
    assert images.dtype == np.uint8
    assert images.shape[1:] == (1, 8, 6, 3)
    known = {pixels.tobytes() for pixels in PIXELS.transpose(0, 2, 3, 1)}
    assert len(images) == len(found.parts.choose) > 0
    assert all(image[0].tobytes() in known for image in images)
    assert found.request.data_sha256 != plain.request.data_sha256
    assert (found.request.metric, plain.request.metric) == ("exact-match", "accuracy")
    assert found.warnings == plain.warnings  # nothing was rounded; the gain is constant in both


@pytest.mark.parametrize("runtime", ["litert", "openvino"])
def test_converters_keep_the_folded_layout(models, folded, tmp_path, runtime):
    from edgeopt.convert import worker
    from edgeopt.convert.job import Converted, Job
    from edgeopt.domain.recipe import Recipe

    source = folded("pt2", Fold(input=NHWC, output="softmax"))
    (tmp_path / "made").mkdir()
    job = Job(recipe=Recipe(runtime=runtime, precision="fp32"), source=source, calibration={},
              base=None, folder=str(tmp_path / "made"))  # fmt: skip
    made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
    assert runtimes.spec(runtime).extra
    image = next(b for b in made.inputs if b.source == "image")
    assert (image.dtype, image.shape, image.permute) == ("uint8", (1, 8, 6, 3), None)
    session = runtimes.load(runtime).open_session(str(tmp_path / "made" / made.main), 1, {})
    feed = [None, None]
    feed[image.index] = np.ascontiguousarray(PIXELS[:1].transpose(0, 2, 3, 1))
    feed[1 - image.index] = np.ones((1, 1), np.float32)
    logits = next(b for b in made.outputs if b.source == source.outputs[0].name)
    found = np.asarray(session.run(feed)[logits.index])
    np.testing.assert_allclose(found, softmax(original(models, 1)[0]), atol=0.02)


@given(
    st.tuples(*[st.floats(0, 255)] * 3),
    st.tuples(*[st.floats(0.001, 1)] * 3),
    st.sampled_from(["same", "nhwc"]),
)
def test_pixels_come_back_as_they_were(mean, scale, layout):
    fold = FoldedInput(name="x", mean=mean, scale=scale, layout=layout)
    pixels = PIXELS[:4, None]
    pixels = np.ascontiguousarray(pixels.transpose(0, 1, 3, 4, 2)) if layout == "nhwc" else pixels
    floats = decode(pixels, fold, "float32")
    assert floats.shape == (4, 1, 3, 8, 6)
    again = encode(floats, fold)
    assert again.dtype == np.uint8
    assert (again == pixels).all()


def test_channels_last_in_the_original():
    fold = FoldedInput(name="x", mean=MEAN, scale=SCALE, layout="nchw")
    floats = IMAGES[:2, None].transpose(0, 1, 3, 4, 2)  # as Keras takes them
    assert (encode(floats, fold)[:, 0] == PIXELS[:2]).all()


def samples(array):
    return Samples({"image": array}, origin="photos.npz")


def test_data_of_another_preparation_is_refused():
    with pytest.raises(BadInput, match=r"it would need pixels from -\d+ to \d+"):
        encoded(samples(IMAGES[:, None] * 3), NHWC)


def test_data_between_pixels_is_told():
    found, advice = encoded(samples(IMAGES[:, None] + np.float32(0.3 / 58)), NHWC)
    assert "is rounded to whole pixels, by up to 0.3" in str(advice[0])
    assert found.inputs["image"].dtype == np.uint8


@pytest.mark.parametrize(
    ("fold", "message"),
    [
        ({"name": "photo"}, "'photo' is none; the model has image, gain"),
        ({}, "which input is to be folded is not said; the model has image, gain"),
        ({"name": "gain", "layout": "nhwc"}, r"input 'gain' has shape \[1, 1\]: a layout is of"),
        ({"name": "image", "mean": [1, 2]}, "mean has 2 numbers, but input 'image' has 3 channels"),
    ],
)
def test_what_cannot_be_folded(models, tmp_path, fold, message):
    if len(fold.get("mean", [])) == 2:
        fold = {**fold, "layout": "nhwc"}
    with pytest.raises(BadInput, match=message):
        taken(tmp_path, models["onnx"], Fold(input=msgspec.convert(fold, FoldedInput)))


def test_words_of_the_command_line():
    found = parse.fold("name=x, mean=124/116/104,scale=0.5,layout=nhwc", "argmax")
    expected = FoldedInput(name="x", mean=(124, 116, 104), scale=(0.5,), layout="nhwc")
    assert found == Fold(input=expected, output="argmax")
    assert parse.fold(None, None) is None
    assert parse.fold(None, "softmax") == Fold(output="softmax")
    assert folded_words(found) == [
        "x: uint8, nhwc; (pixel - 124/116/104) * 0.5 is inside.",
        "The scored output is the argmax over the original's classes.",
    ]


@pytest.mark.parametrize("text", ["average=127", "mean=grey", "layout=chw", "scale=0"])
def test_words_that_are_none(text):
    with pytest.raises(BadInput, match="cannot be folded in"):
        parse.fold(text, None)


@pytest.mark.parametrize(
    ("asked", "labels", "expected"),
    [
        (None, None, ""),
        (None, np.arange(3), "exact-match"),
        ("accuracy", np.arange(3), "exact-match"),
        ("agreement", None, "agreement"),
        ("mine:score", None, "mine:score"),
    ],
)
def test_metrics_of_class_numbers(asked, labels, expected):
    assert folding.metric(asked, Fold(output="argmax"), labels) == expected
    assert folding.metric(asked, Fold(output="softmax"), labels) == (asked or "")


def test_a_metric_of_scores_is_refused():
    with pytest.raises(BadInput, match="top5 needs scores"):
        folding.metric("top5", Fold(output="argmax"), np.arange(3))

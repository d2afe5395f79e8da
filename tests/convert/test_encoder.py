"""A transformer encoder: int64 ids and mask in, two outputs, as a module and as open ONNX."""

import msgspec
import numpy as np
import pytest

from benchmarks.formats.encoder import WORDS, Encoder
from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources import exported_program, module, onnx, shapes
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Source

pytestmark = pytest.mark.slow

LENGTH, SAMPLES = 24, 6


def sentences():
    rng = np.random.default_rng(0)
    mask = (np.arange(LENGTH) < rng.integers(8, LENGTH + 1, SAMPLES)[:, None]).astype(np.int64)
    return {"input_ids": rng.integers(1, WORDS, mask.shape) * mask, "attention_mask": mask}


@pytest.fixture(scope="module")
def net():
    import torch

    torch.manual_seed(0)
    return Encoder(layers=1).eval()


@pytest.fixture(scope="module")
def expected(net):
    import torch

    given = [torch.from_numpy(array) for array in sentences().values()]
    with torch.inference_mode():
        made = net(*given)
    return [made["logits"].numpy(), made["states"].numpy()]


@pytest.fixture(scope="module")
def sources(net, tmp_path_factory):
    """Of a format, prepared once."""
    done = {}

    def source(form):
        if form not in done:
            done[form] = prepared(form, net, tmp_path_factory.mktemp(form))
        return done[form]

    return source


def prepared(form, net, place):
    """The source at [1, 24]: exported at it from Python, or fixed from open axes."""
    import torch

    (place / "work").mkdir()
    path = place / f"encoder.{form}"
    example = tuple(torch.from_numpy(array) for array in sentences().values())
    if form == "pt2":
        reader = exported_program
        module.export(net, example, path)
    else:
        reader, axes = onnx, {name: {0: "batch", 1: "length"} for name in sentences()}
        torch.onnx.export(
            net, tuple(t[:1] for t in example), str(path), dynamo=True, dynamic_shapes=axes,
            input_names=list(axes), output_names=["logits", "states"], verbose=False,
        )  # fmt: skip
    inputs = reader.inspect(InspectRequest(path=str(path))).inputs
    assert [spec.dtype for spec in inputs] == ["int64", "int64"]
    said = (1, LENGTH)  # as --shape input_ids=1x24
    fixed = {s.name: shapes.fix(s.name, s.shape, {"batch"}, said, None) for s in inputs}
    one = [array[:1] for array in sentences().values()]
    np.savez(place / "s.npz", **dict(zip(fixed, one, strict=True)))
    request = PrepareRequest(
        path=str(path),
        inputs=inputs,
        shapes=fixed,
        sample=str(place / "s.npz"),
        folder=str(place / "work"),
    )
    return msgspec.json.decode(msgspec.json.encode(reader.prepare(request)), type=Source)


F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.mark.parametrize(
    ("form", "runtime", "precision", "options", "least_db"),
    [
        ("onnx", "onnxruntime", "fp32", {}, 90),
        ("onnx", "onnxruntime", "int8-dynamic", {}, 25),
        ("onnx", "openvino", "fp32", F32, 90),
        ("onnx", "litert", "fp32", {}, 90),
        ("pt2", "openvino", "fp32", F32, 90),
        ("pt2", "litert", "fp32", {}, 90),
    ],
)
def test_it_goes_through(sources, expected, tmp_path, form, runtime, precision, options, least_db):
    source = sources(form)
    converter, base = convert.load(runtime), None
    for step in filter(None, (converter.base(precision), precision)):
        folder = tmp_path / step
        folder.mkdir()
        quantization = usual_here(runtime, step, source)
        recipe = Recipe(runtime=runtime, precision=step, quantization=quantization)
        job = Job(recipe=recipe, source=source, calibration={}, base=base, folder=str(folder))
        made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
        base = str(folder / made.main)
    session = runtimes.load(runtime).open_session(base, 1, options)
    ins, outs = (msgspec.to_builtins(b) for b in (made.inputs, made.outputs))
    assert {b["dtype"] for b in ins} <= {"int64", "int32"}  # onnx2tf narrows them
    given = dict(zip([s.name for s in source.inputs], sentences().values(), strict=True))
    noise, power = np.zeros(2), np.zeros(2)
    for i in range(SAMPLES):
        feed = [None] * 2
        for b in ins:
            feed[b["index"]] = to_artifact(given[b["source"]][i][None, None], b)[0]
        results = session.run(feed)
        for k, b in enumerate(outs):
            own = from_artifact(results[b["index"]][None], b)
            noise[k] += np.sum((own.reshape(expected[k][i].shape) - expected[k][i]) ** 2)
            power[k] += np.sum(expected[k][i] ** 2)
    assert min(10 * np.log10(power / np.maximum(noise, 1e-15))) > least_db

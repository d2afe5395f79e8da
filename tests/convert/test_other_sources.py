"""From sources that are neither ONNX nor exported programs: each way to a runtime, for real."""

import importlib

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import tflite_plain, worker
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources.formats import FORMATS, recognise
from edgeopt.sources.request import InspectRequest, PrepareRequest

pytestmark = pytest.mark.slow

F32 = {"INFERENCE_PRECISION_HINT": "f32"}
SAMPLES = 24


def rng():
    return np.random.default_rng(0)


def write_keras(place):
    from tests.sources import tiny_keras

    tiny_keras.images().save(place / "m.keras")
    return place / "m.keras", {"image": rng().random((SAMPLES, 1, 8, 8, 3), dtype=np.float32)}


def write_small(place):
    from tests.sources import tiny_keras

    tiny_keras.small().save(place / "m.keras")
    return place / "m.keras", {"x": rng().random((SAMPLES, 1, 4), dtype=np.float32)}


def write_half(place):
    from tests.sources import tiny_keras

    path = tiny_keras.half(tiny_keras.images(), place / "half.tflite")
    return path, {"image": rng().random((SAMPLES, 1, 8, 8, 3), dtype=np.float32)}


def write_integers(place):
    from tests.sources import tiny_keras

    images = rng().random((SAMPLES, 1, 8, 8, 3), dtype=np.float32)
    path = place / "integers.tflite"
    return tiny_keras.integers(tiny_keras.images(), path, images[:, 0]), {"image": images}


def write_torchscript(place):
    from tests.sources import tiny_torch

    torch, path = tiny_torch.torch, place / "m.pt"
    torch.manual_seed(0)
    torch.jit.trace(tiny_torch.Mlp().eval(), torch.zeros(1, 4)).save(str(path))
    return path, {"x": rng().normal(size=(SAMPLES, 1, 4)).astype(np.float32)}


def write_branch(place):
    from tests.sources import tiny_torch

    path = place / "m.pt"
    tiny_torch.torch.jit.script(tiny_torch.Branch()).save(str(path))
    return path, {"x": rng().normal(size=(SAMPLES, 1, 4)).astype(np.float32)}


def write_pipeline(place):
    import joblib

    from tests.sources import tiny_estimators

    path = place / "m.joblib"
    joblib.dump(tiny_estimators.pipeline(), path)
    return path, {"X": tiny_estimators.X[:SAMPLES, None]}


WRITERS = {
    "keras": write_keras,
    "small": write_small,
    "half": write_half,
    "integers": write_integers,
    "torchscript": write_torchscript,
    "branch": write_branch,
    "pipeline": write_pipeline,
}


class Made:
    """A prepared source, and what is made of it: each once, in this process."""

    def __init__(self, name, place):
        self.place, self._done = place, {}
        path, self.samples = WRITERS[name](place)
        form = recognise(path)
        module = importlib.import_module(FORMATS[form].module)
        (place / "work").mkdir()
        np.savez(place / "sample.npz", **{key: a[0] for key, a in self.samples.items()})
        asked = {"path": str(path), "format": form, "trust": True}
        request = PrepareRequest(
            **asked,
            inputs=module.inspect(InspectRequest(**asked)).inputs,
            shapes={key: a.shape[1:] for key, a in self.samples.items()},
            folder=str(place / "work"),
            sample=str(place / "sample.npz"),
        )
        self.source = module.prepare(request)
        self.calibration = {}
        for key, array in self.samples.items():
            self.calibration[key] = str(place / f"{key}.npy")
            np.save(self.calibration[key], array)

    def convert(self, runtime, precision):
        if (runtime, precision) not in self._done:
            converter = convert.load(runtime)
            base = converter.base(precision)
            if base is not None:
                done, folder = self.convert(runtime, base)
                base = str(folder / done.main)
            folder = self.place / f"{runtime}-{precision}"
            folder.mkdir()
            quantization = usual_here(runtime, precision, self.source)
            job = Job(
                recipe=Recipe(runtime=runtime, precision=precision, quantization=quantization),
                source=self.source,
                calibration=self.calibration,
                base=base,
                folder=str(folder),
            )
            reply = worker.make(msgspec.to_builtins(job))
            self._done[runtime, precision] = msgspec.convert(reply, worker.Converted), folder
        return self._done[runtime, precision]

    def sqnr_db(self, runtime, precision, options):
        done, folder = self.convert(runtime, precision)
        own = self._answers(runtime, folder / done.main, done.inputs, done.outputs, options)
        source = self.source
        theirs = self._answers(
            source.reference_runtime,
            source.reference_path,
            source.reference_inputs or plain(source.inputs),
            source.reference_outputs or plain(source.outputs),
            source.reference_options,
        )
        worst = np.inf
        for name, expected in theirs.items():
            noise = np.mean((own[name].reshape(expected.shape) - expected) ** 2)
            power = np.mean(expected.astype(np.float64) ** 2)
            worst = min(worst, 10 * np.log10(power / max(noise, 1e-15 * power)))
        return worst

    def _answers(self, runtime, path, inputs, outputs, options):
        session = runtimes.load(runtime).open_session(str(path), 1, options)
        ins, outs = (msgspec.to_builtins(bindings) for bindings in (inputs, outputs))
        rows = []
        for i in range(SAMPLES):
            feed = [None] * len(ins)
            for b in ins:
                feed[b["index"]] = to_artifact(self.samples[b["source"]][i][None], b)[0]
            rows.append(session.run(feed))
        return {
            b["source"]: from_artifact(np.stack([row[b["index"]] for row in rows]), b) for b in outs
        }


def plain(specs):
    return [
        {"source": s.name, "index": i, "dtype": s.dtype, "shape": list(s.shape)}
        for i, s in enumerate(specs)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    done = {}

    def make(name):
        if name not in done:
            done[name] = Made(name, tmp_path_factory.mktemp(name))
        return done[name]

    return make


#: source, runtime, precision, options, least signal to noise in dB
TABLE = [
    ("keras", "litert", "fp32", {}, 100),
    ("keras", "litert", "fp16", {}, 50),
    ("keras", "litert", "int8-static", {}, 20),
    ("keras", "litert", "int8-dynamic", {}, 30),
    ("keras", "litert", "int8-weights", {}, 30),
    ("keras", "onnxruntime", "fp32", {}, 90),
    ("keras", "openvino", "fp32", F32, 90),
    ("half", "litert", "fp16", {}, 140),
    ("half", "litert", "fp32", {}, 90),
    ("half", "litert", "int8-static", {}, 20),
    ("half", "litert", "int8-dynamic", {}, 30),
    ("half", "onnxruntime", "fp32", {}, 90),
    ("half", "openvino", "fp32", F32, 90),
    ("integers", "litert", "as-is", {}, 140),
    ("integers", "onnxruntime", "as-is", {}, 30),
    ("integers", "openvino", "as-is", F32, 30),
    ("torchscript", "onnxruntime", "fp32", {}, 100),
    ("torchscript", "openvino", "fp32", F32, 100),
    ("torchscript", "openvino", "int8-static", F32, 5),
    ("branch", "openvino", "fp32", F32, 100),
    ("pipeline", "onnxruntime", "fp32", {}, 90),
    ("pipeline", "onnxruntime", "int8-static", {}, 5),
    ("pipeline", "openvino", "fp32", F32, 90),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(row[:3]))
def test_conversions(made, row):
    name, runtime, precision, options, least_db = row
    assert made(name).sqnr_db(runtime, precision, options) > least_db


def test_a_quantizer_is_named_by_what_quantized(made):
    litert, source = convert.load("litert"), made("keras").source
    assert litert.quantization("int8-static", source).library == "tensorflow"
    assert litert.quantization("int8-weights", source).library == "ai-edge-quantizer"
    assert litert.quantization("int8-static", made("half").source).library == "ai-edge-quantizer"
    done, _ = made("keras").convert("litert", "int8-static")
    assert {"tensorflow-cpu", "keras"} <= done.tools.keys()


def test_images_of_tensorflow_are_not_turned(made):
    for name in ("keras", "half"):
        done, _ = made(name).convert("litert", "fp32")
        assert [b.permute for b in (*done.inputs, *done.outputs)] == [None, None]


def test_scales_of_the_file_are_kept_where_a_runtime_does_not_tell_them(made):
    for runtime in ("onnxruntime", "openvino"):
        done, _ = made("integers").convert(runtime, "as-is")
        for binding in (*done.inputs, *done.outputs):
            assert binding.dtype == "int8"
            assert binding.scale == pytest.approx(1 / 256, rel=0.05)


def test_what_openvino_does_not_read_goes_by_onnx(made):
    done, _ = made("branch").convert("openvino", "fp32")
    assert all(note.startswith("read as ONNX, since OpenVINO does not") for note in done.notes)
    assert made("torchscript").convert("openvino", "fp32")[0].notes == ()


def test_nothing_to_quantize_is_a_failure_and_no_artifact(made):
    """Weights of fewer than 1024 numbers stay float, and TensorFlow does not say so."""
    with pytest.raises(EdgeoptError) as caught:
        made("small").convert("litert", "int8-dynamic")
    assert caught.value.args[0] == "TensorFlow found nothing in the model to quantize this way."
    assert list((made("small").place / "litert-int8-dynamic").iterdir()) == []


def test_old_files_get_a_signature_and_plain_codes(tmp_path, made):
    """As the vendor's: no signature, and operators named by the older field."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.tools import flatbuffer_utils

    old, new = tmp_path / "old.tflite", tmp_path / "new.tflite"
    model = flatbuffer_utils.read_model(made("half").source.tflite)
    model.signatureDefs = None
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode, code.builtinCode = code.builtinCode, 0
    flatbuffer_utils.write_model(model, str(old))
    tflite_plain.write(old, new)
    both = [Interpreter(str(path)) for path in (old, new)]
    assert [list(one.get_signature_list()) for one in both] == [[], ["serving_default"]]
    for one in both:
        one.allocate_tensors()
        image = made("half").samples["image"][0]
        one.set_tensor(one.get_input_details()[0]["index"], image)
        one.invoke()
    answers = [one.get_tensor(one.get_output_details()[0]["index"]) for one in both]
    np.testing.assert_allclose(*answers, atol=1e-5)
    assert "DEQUANTIZE" not in {op["op_name"] for op in Interpreter(str(new))._get_ops_details()}

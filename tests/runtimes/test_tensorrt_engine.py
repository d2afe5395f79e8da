"""Engines are built where they run, kept with what they belong to, and run through pointers."""

from __future__ import annotations

import json
import sys

import numpy as np
import onnxruntime
import pytest

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.runtimes import tensorrt_engine
from edgeopt.runtimes.tensorrt_engine import OPTIONS, Engine, build_by_trtexec, engine_for
from tests.runtimes.gpu_net import samples


def one(number=0):
    return [array[number] for array in samples(3).values()]


def expected(net, arrays):
    session = onnxruntime.InferenceSession(net, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(("z_image", "gain"), arrays, strict=True)))


@pytest.fixture
def engine(gpu, net, tmp_path):
    made = engine_for(str(net), str(tmp_path / "net.engine"), {})
    opened = Engine(str(tmp_path / "net.engine"), made["order"])
    yield opened
    opened.close()


def test_an_engine_answers_as_its_file(engine, net):
    for number in range(3):
        for own, theirs in zip(engine.run(one(number)), expected(net, one(number)), strict=True):
            np.testing.assert_allclose(own, theirs, atol=1e-6)


def test_its_tensors_are_in_the_files_order_and_described(engine):
    assert engine.inputs == [
        {"name": "z_image", "dtype": "float32", "shape": [1, 3, 8, 8]},
        {"name": "gain", "dtype": "float32", "shape": [1, 8]},
    ]
    assert [spec["name"] for spec in engine.outputs] == ["y_logits", "a_shares"]


def test_results_are_the_callers_own(engine):
    first = engine.run(one(0))
    kept = [array.copy() for array in first]
    second = engine.run(one(1))
    assert all((a == b).all() for a, b in zip(first, kept, strict=True))
    assert not np.array_equal(first[0], second[0])


def test_an_input_of_another_shape_is_refused(engine):
    with pytest.raises(ValueError, match=r"expected an input of shape \(1, 8\), got \(8,\)"):
        engine.run([one()[0], one()[1][0]])


def test_a_refused_run_is_no_answer(engine, monkeypatch):
    monkeypatch.setenv("STANDIN_REFUSES", "1")
    with pytest.raises(RuntimeError, match="refused to run"):
        engine.run(one())


def test_it_is_built_once_for_a_gpu_a_version_and_its_options(gpu, net, tmp_path):
    place, cache = str(tmp_path / "net.engine"), tmp_path / "timing.cache"
    first = engine_for(str(net), place, {}, str(cache))
    assert first["built"]
    assert first["key"]["gpu"] == "sm_87, 8 processors"
    assert first["key"]["tensorrt"] == "10.9.0.34"
    assert first["order"] == ["z_image", "gain", "y_logits", "a_shares"]
    assert not engine_for(str(net), place, {}, str(cache))["built"]
    assert engine_for(str(net), place, {"tf32": 1}, str(cache))["built"]
    assert Engine(place).engine.about == {"flags": ["TF32"]}
    assert cache.read_bytes() == b"timed;timed;"  # the second build began with the first's
    about = json.loads((tmp_path / "net.engine.json").read_text())
    about["key"]["gpu"] = "sm_53, 1 processors"  # a folder that was copied from another board
    (tmp_path / "net.engine.json").write_text(json.dumps(about))
    assert engine_for(str(net), place, {"tf32": 1}, str(cache))["built"]


def test_sparse_weights_are_a_flag_of_the_builder(gpu, net, tmp_path):
    engine_for(str(net), str(tmp_path / "e"), {"sparse_weights": 1})
    assert Engine(str(tmp_path / "e")).engine.about == {"flags": ["SPARSE_WEIGHTS"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fp16": 1}, r"unknown TensorRT options \['fp16'\]; known: sparse_weights, tf32"),
        ({"tf32": "yes"}, "unknown tf32 'yes'; known: 0, 1"),
    ],
)
def test_an_unknown_option_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tensorrt_engine.check_options(options)


def test_what_tensorrt_does_not_read_is_told(gpu, tmp_path, net):
    from onnxruntime.quantization import quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader

    class Reader(CalibrationDataReader):
        left = iter([dict(zip(("z_image", "gain"), one(), strict=True))])

        def get_next(self):
            return next(self.left, None)

    asymmetric = tmp_path / "asymmetric.onnx"
    quantize_static(str(net), str(asymmetric), Reader())
    with pytest.raises(RuntimeError, match="Non-zero zero point is not supported"):
        engine_for(str(asymmetric), str(tmp_path / "e"), {})


@pytest.mark.slow
def test_a_runner_opens_it_as_any_other(gpu, net, tmp_path):
    for name, array in samples(3).items():
        np.save(tmp_path / f"{name}.npy", array)
    inputs = [str(tmp_path / "z_image.npy"), str(tmp_path / "gain.npy")]
    outputs = [str(tmp_path / f"out{i}.npy") for i in range(2)]
    opening = {"runtime": "tensorrt", "path": str(net), "threads": 1, "options": {}}
    with Client(Local(), tmp_path / "log") as client:
        first = client.request("open", 60, **opening)
        again = client.request("open", 60, **opening)
        client.request("infer", 60, inputs=inputs, outputs=outputs, first=0, count=3)
        facts = client.request("facts", 60).facts
    assert first.version == "10.9.0.34 (sm_87, 8 processors)"
    assert first.compile_ns > 0
    assert again.compile_ns is None
    assert "was built before" in again.why_null["compile_ns"]
    want = [expected(net, one(i))[0] for i in range(3)]
    np.testing.assert_allclose(np.load(outputs[0]), want, atol=1e-6)
    assert (facts.total, facts.delegated) == (9, 9)
    assert facts.options == {name: str(value) for name, value in OPTIONS.items()}


def imported(log):
    """Why a runner cannot import TensorRT."""
    with Client(Local(), log) as client, pytest.raises(RunnerFailed) as raised:
        client.request("import", 60, runtime="tensorrt")
    return str(raised.value)


@pytest.mark.slow
def test_a_machine_without_a_gpu_says_so(gpu, monkeypatch, tmp_path):
    monkeypatch.setenv("STANDIN_NO_GPU", "1")
    assert imported(tmp_path / "log") == "ImportError: no NVIDIA device: there is none"


@pytest.mark.slow
def test_a_machine_without_tensorrt_says_so(tmp_path):
    assert imported(tmp_path / "log") == "ModuleNotFoundError: No module named 'tensorrt'"


PROGRAM = """#!{python}
import sys
if "--help" in sys.argv:
    print("{help}")
else:
    open({log!r}, "w").write(" ".join(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("help", "options", "flags"),
    [
        ("--stronglyTyped", {"sparse_weights": 1, "tf32": 0},
         "--stronglyTyped --noTF32 --sparsity=enable"),
        ("of TensorRT 8", {"sparse_weights": 0, "tf32": 1}, "--fp16 --int8"),
    ],
)  # fmt: skip
def test_trtexec_builds_where_the_package_is_missing(tmp_path, help, options, flags):
    program, log = tmp_path / "trtexec", tmp_path / "log"
    program.write_text(PROGRAM.format(python=sys.executable, help=help, log=str(log)))
    program.chmod(0o755)
    build_by_trtexec("m.onnx", "m.engine", options, "m.timing", str(program))
    assert log.read_text() == (
        f"--onnx=m.onnx --saveEngine=m.engine --timingCacheFile=m.timing {flags}"
    )

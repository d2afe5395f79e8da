"""Outputs that are inputs, or share their memory: every runtime answers with what it was given."""

from __future__ import annotations

import importlib
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt import runtimes
from edgeopt.convert import matching
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Source

pytestmark = pytest.mark.slow

IMAGE = [1, 3, 6, 6]
CONV = ("Conv", ["x", "w"], ["y"])

#: name -> nodes, inputs, outputs.
NETS = {
    "beside a convolution": ([CONV, ("Dropout", ["x"], ["z"])], "x", {"y": None, "z": IMAGE}),
    "twice": (
        [CONV, ("Identity", ["x"], ["z"]), ("Identity", ["x"], ["again"])],
        "x",
        {"z": IMAGE, "y": None, "again": IMAGE},
    ),
    "flattened": ([CONV, ("Flatten", ["x"], ["z"])], "x", {"z": [1, 108], "y": None}),
    "one of two": (
        [("Add", ["x", "v"], ["y"]), ("Identity", ["v"], ["z"])],
        "xv",
        {"z": IMAGE, "y": IMAGE},
    ),
    "nothing else": ([("Identity", ["x"], ["z"])], "x", {"z": IMAGE}),
}
#: Runtime, net: those that a converter takes seconds for have the first one only.
ROWS = [(runtime, net) for runtime in ("onnxruntime", "openvino") for net in NETS]
ROWS += [(runtime, "beside a convolution") for runtime in ("litert", "ncnn")]


def write(path: Path, net: str) -> Path:
    nodes, inputs, outputs = NETS[net]
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node(*node) for node in nodes],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, IMAGE) for name in inputs],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape or [1, 4, 4, 4])
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(weights, "w")] if CONV in nodes else [],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    done = {}

    def prepared(net: str) -> Source:
        if net not in done:
            place = tmp_path_factory.mktemp("net")
            path = write(place / "m.onnx", net)
            module = importlib.import_module("edgeopt.sources.onnx")
            inputs = module.inspect(InspectRequest(path=str(path))).inputs
            request = PrepareRequest(
                path=str(path),
                inputs=inputs,
                shapes={spec.name: spec.shape for spec in inputs},
                folder=str(place),
            )
            done[net] = module.prepare(request)
        return done[net]

    return prepared


def samples(source: Source) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    return [
        {spec.name: rng.normal(size=spec.shape).astype(np.float32) for spec in source.inputs}
        for _ in range(3)
    ]


@pytest.mark.parametrize(("runtime", "net"), ROWS)
def test_what_is_passed_through_is_what_was_given(runtime, net, source, tmp_path):
    prepared = source(net)
    options = runtimes.spec(runtime).options_for("fp32")
    job = Job(
        recipe=Recipe(runtime=runtime, precision="fp32", options=options),
        source=prepared,
        calibration={},
        base=None,
        folder=str(tmp_path),
    )
    assert "fp32" in runtimes.spec(runtime).precisions
    log = tmp_path.with_suffix(".log")
    reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, 200)
    done = msgspec.convert(reply, Converted)
    session = runtimes.load(runtime).open_session(str(tmp_path / done.main), 1, options)
    given = samples(prepared)
    kept = []
    for sample, expected in zip(given, matching.answers(prepared, given), strict=True):
        answers = matching.read(done.outputs, session.run(matching.fed(done.inputs, sample)))
        kept.append((answers, {name: array.copy() for name, array in answers.items()}))
        for name, array in expected.items():
            own = answers[name].reshape(array.shape)
            np.testing.assert_allclose(own, array, rtol=1e-4, atol=1e-5)
    for answers, copies in kept:  # a later call has not written over an earlier one's answers
        for name, array in copies.items():
            np.testing.assert_array_equal(answers[name], array)

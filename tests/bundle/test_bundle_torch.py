"""What is shipped of a PyTorch source for a runtime that takes no other."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch_net
from test_bundle import described, record

from edgeopt import convert
from edgeopt.bundle.write import write
from edgeopt.convert.job import Job
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.sources import load

pytestmark = pytest.mark.slow

#: Uninstalled names would be found missing by it; what torch imports is torch's affair.
FORBIDDEN = [
    "edgeopt",
    "msgspec",
    "onnx",
    "onnxruntime",
    "openvino",
    "ai_edge_litert",
    "tensorflow",
    "ncnn",
]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """The prepared source, its inputs and PyTorch's own answers."""
    folder = tmp_path_factory.mktemp("torch")
    net, inputs, answers, log = (folder / n for n in ("n.pt2", "in.npz", "out.npz", "log.txt"))
    script = torch_net.__file__
    subprocess.run([sys.executable, script, *map(str, (net, inputs, answers))], check=True)
    (folder / "work").mkdir()
    inspected = load.inspect(net, False, log, 200)
    source = load.prepare(inspected, torch_net.SHAPES, None, folder / "work", log, 200)
    return source, inputs, answers


def test_a_bundle_of_executorch_runs_alone(tmp_path, given):
    source, inputs, answers = given
    artifact, made = _converted(source, inputs, "fp32", tmp_path)
    folder = tmp_path / "bundle"
    write(folder, record(artifact.recipe), artifact, made, source.facts(), {})
    guard = f"import sys; sys.modules.update(dict.fromkeys({FORBIDDEN}))\n"
    (tmp_path / "alone.py").write_text(
        f"{guard}import runpy\nsys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    command = [sys.executable, "-I", "alone.py", folder / "run.py", inputs, "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as found, np.load(answers) as expected:
        assert sorted(found.files) == sorted(expected.files)
        for name in expected.files:
            np.testing.assert_allclose(found[name], expected[name], atol=1e-5)


def _converted(source, inputs, precision, place):
    calibration = {}
    with np.load(inputs) as arrays:
        for name in torch_net.SHAPES:
            calibration[name] = str(place / f"{name}.npy")
            np.save(calibration[name], arrays[name])
    quantization = convert.load("executorch").recipe(precision)
    recipe = Recipe(runtime="executorch", precision=precision, quantization=quantization, threads=2)
    made = Path(place / "made")
    made.mkdir()
    job = Job(recipe=recipe, source=source, calibration=calibration, base=None, folder=str(made))
    log = place / "log.txt"
    reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, 240)
    return described(recipe, reply, made), made

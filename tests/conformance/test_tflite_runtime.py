"""tflite-runtime serves where ai-edge-litert is not installed.

Its last release needs numpy < 2 and Python <= 3.11, so it runs in an environment of its own,
which holds nothing but these two: so this also shows what the runner needs on a device.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from edgeopt.convert.onnx2tf import cache
from edgeopt.devices.local import Local
from edgeopt.harness.client import Client, RunnerFailed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.version_info[:2] != (3, 11), reason="tflite-runtime has no wheel for this Python"
    ),
]


@pytest.fixture(scope="session")
def python():
    """The interpreter of an environment with tflite-runtime and numpy alone; made once."""
    folder = cache() / "tests" / "tflite-runtime-2.14.0"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "tflite-runtime==2.14.0", "numpy==1.26.4"], check=True)
        (folder / "ready").touch()
    return str(folder / "bin" / "python")


@pytest.mark.parametrize("precision", ["fp32", "int8-static"])
def test_it_gives_the_answers_of_litert(python, models, precision, tmp_path):
    model = models["litert", precision]
    files = []
    for i, array in enumerate(zip(*(model.feed(one) for one in models.samples[:4]), strict=True)):
        files.append(str(tmp_path / f"in-{i}.npy"))
        np.save(files[-1], np.stack(array))
    answers = {}
    for package, interpreter in (("tflite-runtime", python), ("ai-edge-litert", sys.executable)):
        outputs = [str(tmp_path / f"{package}-{i}.npy") for i in range(len(model.outputs))]
        with Client(Local(interpreter), tmp_path / f"{package}.log") as client:
            opened = client.request(
                "open", 60, runtime="litert", path=str(model.path), threads=1, options={}
            )
            client.request("infer", 60, inputs=files, outputs=outputs, first=0, count=4)
            facts = client.request("facts", 60).facts
            client.request("inputs", 60, files=files, count=4)
            if package == "tflite-runtime":
                with pytest.raises(RunnerFailed, match="no profiler that Python can reach"):
                    client.request("profile", 60, runs=4)
        assert opened.version.startswith(package)
        assert facts.operators
        answers[package] = [np.load(path).astype(np.float64) for path in outputs]
    for old, new in zip(answers["tflite-runtime"], answers["ai-edge-litert"], strict=True):
        assert np.abs(old - new).max() <= 0.02 * np.abs(new).max()

"""A package index with a stand-in for onnx2tf: real pip, real builds, no network.

The build takes two seconds in a process of its own below pip, and the program one below itself:
what a killed run may leave behind. What the program writes was made beforehand.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from edgeopt.convert.onnx2tf import VERSION
from edgeopt.jobs import interpreter

_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

_INFO = f"Metadata-Version: 2.1\nName: onnx2tf\nVersion: {VERSION}\n"

_BACKEND = f"""
import pathlib, subprocess, sys, zipfile
INFO = "onnx2tf-{VERSION}.dist-info"
FILES = {{
    INFO + "/METADATA": {_INFO!r},
    INFO + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    INFO + "/entry_points.txt": "[console_scripts]\\nonnx2tf = onnx2tf:main\\n",
    INFO + "/RECORD": "",
}}

def prepare_metadata_for_build_wheel(folder, settings=None):
    for name, text in FILES.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return INFO

def build_wheel(folder, settings=None, metadata=None):
    subprocess.run([sys.executable, "-c", "import time; time.sleep(2)"], check=True)
    name = "onnx2tf-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for each, text in FILES.items():
            wheel.writestr(each, text)
        wheel.writestr("onnx2tf/__init__.py", pathlib.Path("program.py").read_text())
        wheel.writestr("onnx2tf/weights.bin", bytes(3 << 20))
    return name
"""

_PROGRAM = """
import os, pathlib, shutil, subprocess, sys

def main():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1)"], check=True)
    out = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    out.mkdir(parents=True)
    given = pathlib.Path(sys.argv[sys.argv.index("-i") + 1])
    shutil.copyfile(os.environ["EDGEOPT_STAND_IN"], out / (given.stem + "_float32.tflite"))
"""

_LITERT = """
import sys
import onnx, tensorflow as tf
from onnx import numpy_helper
known = {one.name: numpy_helper.to_array(one) for one in onnx.load(sys.argv[1]).graph.initializer}
@tf.function(input_signature=[tf.TensorSpec([1, known["w"].shape[0]], tf.float32)])
def net(x):
    return tf.matmul(x, known["w"]) + known["b"]
made = tf.lite.TFLiteConverter.from_concrete_functions([net.get_concrete_function()])
open(sys.argv[2], "wb").write(made.convert())
"""


def write(folder: Path, model: Path) -> dict[str, str]:
    """Make the index for a model y = x w + b; returns what tells pip and the program of it."""
    made = folder / "line.tflite"
    subprocess.run(
        interpreter.command("-c", _LITERT, str(model), str(made)), check=True, capture_output=True
    )
    index = folder / "index"
    index.mkdir()
    name = f"onnx2tf-{VERSION}"
    files = {
        "pyproject.toml": _PROJECT,
        "PKG-INFO": _INFO,
        "backend.py": _BACKEND,
        "program.py": _PROGRAM,
    }
    with tarfile.open(index / f"{name}.tar.gz", "w:gz") as archive:
        for each, text in files.items():
            about = tarfile.TarInfo(f"{name}/{each}")
            about.size = len(text.encode())
            archive.addfile(about, io.BytesIO(text.encode()))
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PIP_NO_CACHE_DIR": "1",
        "EDGEOPT_STAND_IN": str(made),
    }

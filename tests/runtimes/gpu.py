"""A stand-in for TensorRT and for CUDA's library."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

STANDIN = Path(__file__).with_name("gpu_standin")


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """A folder of packages with both, as wheels would leave them."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler for the stand-in of CUDA's library")
    folder = tmp_path_factory.mktemp("packages")
    place = folder / "nvidia" / "cuda_runtime" / "lib"
    place.mkdir(parents=True)
    library = place / "libcudart.so.12"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, STANDIN / "cudart.c"], check=True)
    shutil.copyfile(STANDIN / "tensorrt.py", folder / "tensorrt.py")
    return folder


@pytest.fixture
def gpu(packages, monkeypatch, tmp_path):
    """This process, and those it starts, find both; engines are kept in a folder of the test."""
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("EDGEOPT_ENGINES", str(tmp_path / "engines"))
    return packages


@pytest.fixture
def net(tmp_path):
    from tests.runtimes.gpu_net import write_net

    return write_net(tmp_path / "net.onnx")

"""A digits classifier trained here, as PyTorch and as ONNX, with data no training has seen."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.once import once
from tests.pipeline.cli_process import HERE


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """A folder with digits.pt2, digits.onnx (dynamic batch) and digits.npz (image, labels)."""
    train = str(HERE / "train_digits.py")
    return once(
        tmp_path_factory,
        "digits",
        lambda folder: subprocess.run([sys.executable, train, str(folder)], check=True),
    )


@pytest.fixture(scope="session")
def tiny_onnx(tmp_path_factory):
    """A linear classifier of the digits in ONNX with weights by least squares: made in a blink."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("tiny")
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    weights, *_ = np.linalg.lstsq(images[:900], np.eye(10)[labels[:900]], rcond=None)
    node = helper.make_node("MatMul", ["image", "weights"], ["logits"])
    graph = helper.make_graph(
        [node],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(weights.astype(np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "tiny.onnx")
    np.savez(folder / "tiny.npz", image=images[900:], labels=labels[900:])
    return folder


@pytest.fixture(scope="module")
def short_schedules():
    """Short final schedules, in this process."""
    from benchmarks.faults import shortly

    with shortly.applied(sweep=True):
        yield

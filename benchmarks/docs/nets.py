"""Small classifiers of images in three formats, with random weights.

python -m benchmarks.docs.nets program|keras FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

CLASSES = 4


def onnx_classifier(file: Path, classes: int) -> None:
    """[batch, 3, h, w] -> [batch, classes]: a convolution, its mean, a matrix; open sides."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    kernel = rng.normal(scale=0.2, size=(16, 3, 3, 3)).astype(np.float32)
    weights = rng.normal(scale=3, size=(16, classes)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["seen"], strides=[2, 2]),
            helper.make_node("Relu", ["seen"], ["lit"]),
            helper.make_node("GlobalAveragePool", ["lit"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "classifier",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, "h", "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(file))


def program(file: Path) -> None:
    """A PyTorch exported program of 3 x 32 x 32."""
    import torch

    torch.manual_seed(0)
    body = [torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1)]
    net = torch.nn.Sequential(*body, torch.nn.Flatten(), torch.nn.Linear(16, CLASSES)).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 32, 32),)), str(file))


def keras(file: Path) -> None:
    """A Keras model of 224 x 224 x 3."""
    import keras as library

    library.utils.set_random_seed(0)
    layers = library.layers
    body = [layers.Conv2D(8, 3, strides=4, activation="relu"), layers.GlobalAveragePooling2D()]
    shape = layers.Input((224, 224, 3))
    library.Sequential([shape, *body, layers.Dense(CLASSES, activation="softmax")]).save(file)


if __name__ == "__main__":
    {"program": program, "keras": keras}[sys.argv[1]](Path(sys.argv[2]))

"""The machine and the versions that a run was made with."""

from __future__ import annotations

import platform
from typing import Any

import edgeopt
from edgeopt.convert.worker import versions
from edgeopt.runner import sensors

PACKAGES = (
    "numpy", "onnx", "onnxruntime", "onnxslim", "openvino", "nncf", "ai-edge-litert",
    "tflite-runtime", "ai-edge-quantizer", "torch", "litert-torch", "onnxscript", "tensorflow",
    "tensorflow-cpu", "keras", "tf2onnx", "scikit-learn", "skl2onnx", "executorch", "torchao",
    "ncnn", "pnnx", "coremltools",
)  # fmt: skip


def local_machine() -> dict[str, Any]:
    """This machine, as a runner on it would describe it."""
    return sensors.machine()


def environment(
    machine: dict[str, Any], devices: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The machine, edgeopt's version, those of the packages that take part, other devices."""
    return {
        "edgeopt": edgeopt.__version__,
        "python": platform.python_version(),
        "machine": machine,
        "packages": versions(PACKAGES),
        **({"devices": devices} if devices else {}),
    }

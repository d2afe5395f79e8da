"""The machine and the versions that a run was made with."""

from __future__ import annotations

import platform
from typing import Any

import edgeopt
from edgeopt.convert.worker import versions
from edgeopt.jobs import memory
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
    """The machine, what its children may take in memory, versions, other devices."""
    there = {"machine": machine, "child_memory_bytes": memory.limit_bytes()}
    return {**tools(), **there, **({"devices": devices} if devices else {})}


def tools() -> dict[str, Any]:
    """The versions of edgeopt, Python and the packages that take part."""
    return {
        "edgeopt": edgeopt.__version__,
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
    }

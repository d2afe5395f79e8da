"""ONNX Runtime on an NVIDIA GPU by its CUDA provider: opens .onnx files."""

from __future__ import annotations

from edgeopt.runtimes import onnxruntime as cpu
from edgeopt.runtimes.spec import RuntimeSpec

SPEC = RuntimeSpec(
    name="onnxruntime_cuda",
    packages=("onnxruntime-gpu",),
    modules=("onnxruntime",),
    precisions=("fp32", "fp16"),
    stand_in="onnxruntime",
)

PROVIDER = "CUDAExecutionProvider"


def version() -> str:
    """Raises ImportError where ONNX Runtime has no such provider."""
    return cpu.version_with(PROVIDER)


def open_session(path: str, threads: int, options: dict) -> cpu.Session:
    """See `runtimes/onnxruntime.py`; what the GPU does not take runs on the processor."""
    return cpu.Session(path, threads, options, PROVIDER)

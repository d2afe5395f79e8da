"""To ONNX Runtime's TensorRT provider: the files that TensorRT itself takes."""

from __future__ import annotations

from edgeopt.convert import tensorrt
from edgeopt.convert.job import Job, Made

EXTRA = "onnxruntime"

PRECISIONS: dict[str, tuple[str, ...]] = {
    precision: tensorrt.PRECISIONS[precision] for precision in ("fp32", "fp16", "int8-static")
}

recipe = tensorrt.recipe
unsuitable = tensorrt.unsuitable
base = tensorrt.base


def convert(job: Job) -> Made:
    """See `convert/tensorrt.py`; its engine is the provider's own affair."""
    return Made(main=tensorrt.convert(job).main)

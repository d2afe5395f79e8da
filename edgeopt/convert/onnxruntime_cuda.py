"""To ONNX Runtime's CUDA provider: the files of its CPU, where a GPU gains from them."""

from __future__ import annotations

from edgeopt.convert import onnxruntime
from edgeopt.convert.job import Job, Made
from edgeopt.sources.source import Source

EXTRA = "onnxruntime"

#: Its int8 kernels are few: TensorRT serves these.
PRECISIONS: dict[str, tuple[str, ...]] = {
    "fp32": ("onnxruntime",),
    "fp16": ("onnxruntime", "onnx"),
}

base = onnxruntime.base


def recipe(precision: str, source: Source | None = None) -> None:
    """No precision of it has integers."""
    return


def unsuitable(precision: str, source: Source) -> str:
    """Every source may gain."""
    return ""


def convert(job: Job) -> Made:
    """See `convert/onnxruntime.py`."""
    return onnxruntime.convert(job)

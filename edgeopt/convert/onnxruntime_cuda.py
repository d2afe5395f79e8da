"""To ONNX Runtime's CUDA provider: the files of its CPU, where a GPU gains from them."""

from __future__ import annotations

from edgeopt.convert.converter import Converter
from edgeopt.convert.job import Job, Made
from edgeopt.convert.onnxruntime import OnnxRuntime


class Cuda(Converter):
    """Floats only: its int8 kernels are few, and TensorRT serves these. Every source may gain."""

    runtime = "onnxruntime_cuda"
    copies = ("fp32",)

    def needs(self, precision: str) -> tuple[str, ...]:
        """onnx, where more than a copy is made."""
        return OnnxRuntime().needs(precision)

    def convert(self, job: Job) -> Made:
        """See `convert/onnxruntime.py`."""
        return OnnxRuntime().convert(job)


CONVERTER = Cuda()

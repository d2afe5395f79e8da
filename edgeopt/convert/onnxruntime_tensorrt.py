"""To ONNX Runtime's TensorRT provider: the files that TensorRT itself takes."""

from __future__ import annotations

from edgeopt.convert.job import Job, Made
from edgeopt.convert.tensorrt import TensorRt


class Provider(TensorRt):
    """As for TensorRT; the engine is the provider's own affair."""

    runtime = "onnxruntime_tensorrt"

    def convert(self, job: Job) -> Made:
        """See `convert/tensorrt.py`."""
        return Made(main=super().convert(job).main)


CONVERTER = Provider()

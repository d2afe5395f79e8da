"""Which precisions each runtime offers: what a profile has to take a stand on."""

from __future__ import annotations

from edgeopt.domain.recipe import Precision

OFFERS: dict[str, tuple[Precision, ...]] = {
    "onnxruntime": ("fp32", "fp16", "int8-static", "int8-dynamic", "int8-weights"),
    "openvino": ("fp32", "fp16", "bf16", "int8-static", "int8-dynamic", "int8-weights"),
    "litert": ("fp32", "fp16", "int8-static", "int8-dynamic", "int8-weights"),
    "executorch": ("fp32", "int8-static"),
    "ncnn": ("fp32", "fp16"),
    "coreml": ("fp32", "fp16", "int8-weights"),
    "tensorrt": ("fp32", "fp16", "int8-static", "fp16-2to4"),
    "onnxruntime_cuda": ("fp32", "fp16"),
    "onnxruntime_tensorrt": ("fp32", "fp16", "int8-static"),
}

"""The kernels that are asked for their peak, and their files: each runtime's own, host or board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edgeopt.convert.roof import ncnn_file, onnx_file, tflite_file
from edgeopt.domain.roof import Arithmetic, KernelKind


@dataclass(frozen=True)
class Kernel:
    """One of them.

    Attributes:
        asked: the arithmetic that it is meant to run in; what ran counts.
        options: of its session.
        write: writes the file that the session opens.
    """

    runtime: str
    asked: Arithmetic
    kind: KernelKind
    name: str
    write: Callable[[Path], None]
    options: dict[str, str | int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.runtime} {self.asked} {self.kind}"


def _onnx(runtime: str, asked: Arithmetic, kind: KernelKind, hint: str = "") -> Kernel:
    quantized = asked == "int8"

    def write(path: Path) -> None:
        onnx_file.write(path, kind, quantized=quantized)

    options: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": hint} if hint else {}
    return Kernel(runtime, asked, kind, "roof.onnx", write, options)


def _tflite(asked: Arithmetic) -> Kernel:
    def write(path: Path) -> None:
        tflite_file.write(path, quantized=asked == "int8")

    return Kernel("litert", asked, "convolution", "roof.tflite", write)


#: What it computes in, and the hint that asks for it.
_OPENVINO: tuple[tuple[Arithmetic, str], ...] = (
    ("fp32", "f32"), ("bf16", "bf16"), ("fp16", "f16"), ("int8", "f32"),
)  # fmt: skip
_ONNX_RUNTIME: tuple[Arithmetic, ...] = ("fp32", "int8")

#: MNN is not among them: its products are Strassen's, which multiply less. ExecuTorch computes with
#: LiteRT's kernels (XNNPACK). Those of int8 in ncnn need a table of scales of its own.
KERNELS: tuple[Kernel, ...] = (
    *(
        _onnx("onnxruntime", arithmetic, k)
        for arithmetic in _ONNX_RUNTIME
        for k in ("convolution", "product")
    ),
    *(_onnx("openvino", a, k, hint) for a, hint in _OPENVINO for k in ("convolution", "product")),
    _tflite("fp32"),
    _tflite("int8"),
    Kernel("ncnn", "fp32", "convolution", "roof.param", ncnn_file.write),
)

RUNTIMES = tuple(dict.fromkeys(kernel.runtime for kernel in KERNELS))

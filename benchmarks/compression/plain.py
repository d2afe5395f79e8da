"""What a competent user gets in a few lines from each tool: its defaults, on the same samples.

Each maker is given a float file, calibration samples as .npy files in that file's own layout and
order, and writes one file. It runs in a child with a time limit; what fails is a row that says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.domain.model import Value


class Task(Value, kw_only=True, frozen=True):
    """What a maker is given.

    Attributes:
        base: the float file, ONNX or LiteRT.
        names: its inputs. calibration, validation: a file [n, *shape] for each of them.
        labels: what the validation samples should be classified as, .npy int [n].
        max_drop: for tools that take one.
    """

    tool: str
    base: str
    out: str
    names: tuple[str, ...]
    calibration: tuple[str, ...]
    validation: tuple[str, ...]
    labels: str
    max_drop: float

    def samples(self, files: tuple[str, ...]) -> list[dict[str, np.ndarray]]:
        arrays = [np.load(path) for path in files]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*arrays, strict=True)]


def onnxruntime_static(task: Task) -> None:
    """quant_pre_process, then quantize_static: QDQ, per channel, min-max."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    samples = iter(task.samples(task.calibration))

    class Reader(CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(samples, None)

    ready = f"{task.out}.ready.onnx"
    quant_pre_process(task.base, ready, skip_symbolic_shape=True)
    quantize_static(ready, task.out, Reader(), per_channel=True, weight_type=QuantType.QInt8)
    Path(ready).unlink()


def onnxruntime_dynamic(task: Task) -> None:
    from onnxruntime.quantization import quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = f"{task.out}.ready.onnx"
    quant_pre_process(task.base, ready, skip_symbolic_shape=True)
    quantize_dynamic(ready, task.out)
    Path(ready).unlink()


def openvino_float(task: Task) -> None:
    """`ov.convert_model`; it runs in the device's default precision, bf16 where there is AMX."""
    import openvino as ov

    ov.save_model(ov.convert_model(task.base), task.out)


def nncf_static(task: Task) -> None:
    import nncf
    import openvino as ov

    data = nncf.Dataset(task.samples(task.calibration))
    ov.save_model(nncf.quantize(ov.convert_model(task.base), data), task.out)


def nncf_accuracy_control(task: Task) -> None:
    """`quantize_with_accuracy_control` on the choosing samples."""
    import nncf
    import openvino as ov

    samples, labels = task.samples(task.validation), np.load(task.labels)
    pairs = list(zip(samples, labels, strict=True))

    def validate(compiled: Any, rows: Any) -> float:
        found = [_class(compiled(sample)[0]) == label for sample, label in rows]
        return float(np.mean(found))

    model = nncf.quantize_with_accuracy_control(
        ov.convert_model(task.base),
        nncf.Dataset(task.samples(task.calibration)),
        nncf.Dataset(pairs, lambda pair: pair[0]),
        validate,
        max_drop=task.max_drop,
    )
    ov.save_model(model, task.out)


def _class(answer: np.ndarray) -> int:
    """The best class, or whether the only number is above a half."""
    return int(answer.argmax()) if answer.size > 1 else int(answer.ravel()[0] > 0.5)


def ai_edge_static(task: Task) -> None:
    """Static int8 weights and activations, calibrated by the quantizer itself."""
    from ai_edge_quantizer import quantizer, recipe

    from edgeopt.runtimes import litert

    work = quantizer.Quantizer(task.base, recipe.static_wi8_ai8())
    ranges = work.calibrate({litert.signature(task.base): task.samples(task.calibration)})
    work.quantize(ranges).export_model(task.out, overwrite=True)


def ai_edge_dynamic(task: Task) -> None:
    from ai_edge_quantizer import quantizer, recipe

    quantizer.Quantizer(task.base, recipe.dynamic_wi8_afp32()).quantize().export_model(
        task.out, overwrite=True
    )


@dataclass(frozen=True)
class Tool:
    """A way to a file: what opens it, the float file it starts from, and its maker."""

    runtime: str
    base: str
    suffix: str
    make: Callable[[Task], None] | None


ACCURACY_CONTROL = "NNCF accuracy control"

#: `make` None: the float file itself.
TOOLS = {
    "ONNX Runtime fp32": Tool("onnxruntime", "onnxruntime", ".onnx", None),
    "ONNX Runtime static int8": Tool("onnxruntime", "onnxruntime", ".onnx", onnxruntime_static),
    "ONNX Runtime dynamic int8": Tool("onnxruntime", "onnxruntime", ".onnx", onnxruntime_dynamic),
    "OpenVINO default": Tool("openvino", "onnxruntime", ".xml", openvino_float),
    "NNCF static int8": Tool("openvino", "onnxruntime", ".xml", nncf_static),
    ACCURACY_CONTROL: Tool("openvino", "onnxruntime", ".xml", nncf_accuracy_control),
    "LiteRT fp32": Tool("litert", "litert", ".tflite", None),
    "AI Edge Quantizer static int8": Tool("litert", "litert", ".tflite", ai_edge_static),
    "AI Edge Quantizer dynamic int8": Tool("litert", "litert", ".tflite", ai_edge_dynamic),
}


def make(argument: Any) -> Any:
    """Runs in a child: one tool's file."""
    task = msgspec.convert(argument, Task)
    maker = TOOLS[task.tool].make
    assert maker is not None
    maker(task)
    return {}

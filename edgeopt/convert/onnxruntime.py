"""To ONNX Runtime: its own quantizer, and NNCF's weight compression."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgeopt.convert import onnxruntime_static
from edgeopt.convert.converter import Converter
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job, Made
from edgeopt.convert.onnx_graph import Graph
from edgeopt.convert.onnx_prepared import free_names
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Quantization
from edgeopt.sources import tied_onnx
from edgeopt.sources.source import Source

_MATRIX = {"MatMul", "Gemm", "Gather"}
_QUANTIZED = {"Conv", "MatMul", "Gemm", "LSTM", "Attention", "EmbedLayerNormalization", "Gather"}


class OnnxRuntime(Converter):
    """Every precision starts from the canonical ONNX file."""

    runtime = "onnxruntime"
    copies = ("fp32", "as-is")
    makes_forms = True

    def needs(self, precision: str) -> tuple[str, ...]:
        """onnx, where more than a copy is made; NNCF for weights."""
        if precision in self.copies:
            return ()
        return ("onnx", "nncf") if precision == "int8-weights" else ("onnx",)

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """Its own quantizer's, NNCF's for weights."""
        return {
            "int8-static": Quantization(library="onnxruntime", calibration="min-max"),
            "int8-dynamic": Quantization(library="onnxruntime"),
            "int8-weights": Quantization(library="nncf"),
        }.get(precision)

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why this source has nothing to gain from a precision, or ""."""
        if precision.startswith("int8") and source.operators:
            if not _QUANTIZED & source.operators.keys():
                return "no operator in this model that ONNX Runtime quantizes"
            if precision == "int8-weights" and not _MATRIX & source.operators.keys():
                return (
                    "its weights are all in convolutions, which are not compressed for this runtime"
                )
            if precision == "int8-dynamic" and _mostly("Conv", source.operators):
                return (
                    "most of it is convolutions, whose dynamic int8 form (ConvInteger) made models "
                    "2 to 19 times slower than fp32 on x86, where measured"
                )
        return ""

    def convert(self, job: Job) -> Made:
        """Write model.onnx.

        Raises:
            EdgeoptError: there is no ONNX form of the source.
        """
        source = onnx_of(job.source)
        target = Path(job.folder) / "model.onnx"
        _MAKERS[job.recipe.precision](job, source, target)
        return Made(main=target.name)

    @contextlib.contextmanager
    def forms(self, job: Job) -> Iterator[Forms]:
        """Its own quantizer's."""
        with onnxruntime_static.forms(job, onnx_of(job.source)) as made:
            yield made

    def ways(self, job: Job) -> tuple[Way, ...]:
        """By precision."""
        return _WAYS.get(job.recipe.precision, ())

    def operators(self, job: Job) -> tuple[Operator, ...]:
        """Those of the form that is quantized."""
        source = onnx_of(job.source)
        if job.recipe.precision == "int8-weights":
            return Graph(source).operators()
        with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
            ready = onnxruntime_static.preprocessed(source, Path(scratch))
            return Graph(onnxruntime_static.named(ready, Path(scratch))).operators()


CONVERTER = OnnxRuntime()

_WAYS: dict[str, tuple[Way, ...]] = {
    "int8-static": ("per-tensor-there", "float", "uncorrected", "per-tensor"),
    "int8-dynamic": ("float", "per-tensor"),
    "int8-weights": ("float",),
}


def _mostly(kind: str, operators: Mapping[str, int]) -> bool:
    """Whether more than half of the operators that are quantized are of this kind."""
    quantized = sum(count for name, count in operators.items() if name in _QUANTIZED)
    return 2 * operators.get(kind, 0) > quantized


def onnx_of(source: Source) -> Path:
    """The source's canonical ONNX file, with the axis open that is to stay so.

    Raises:
        EdgeoptError: it has none; says why.
    """
    if source.onnx is None:
        raise EdgeoptError(source.onnx_reason or "the source has no ONNX form")
    return Path(source.open_onnx or source.onnx)


def _copy(job: Job, source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def half(job: Job, source: Path, target: Path) -> None:
    """Write the model in half precision; its inputs and outputs stay as they are."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load(str(source)), keep_io_types=True)
    onnx.save_model(model, str(target))


def _static(job: Job, source: Path, target: Path) -> None:
    onnxruntime_static.write(job, source, target)


def _dynamic(job: Job, source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        ready = onnxruntime_static.preprocessed(source, Path(scratch))
        quantize_dynamic(
            str(onnxruntime_static.named(ready, Path(scratch))),
            str(target),
            per_channel=job.how.granularity == "per-channel",
            weight_type=QuantType.QInt8,
            reduce_range=job.how.overflow_fix == "all",
            nodes_to_exclude=list(job.relaxation.in_float),
        )


def _weights(job: Job, source: Path, target: Path) -> None:
    import nncf
    import onnx

    # NNCF 3.4 gives a convolution's scale the rank of its weight; ONNX Runtime wants a vector.
    ignored = nncf.IgnoredScope(
        names=list(job.relaxation.in_float), types=["Conv", "ConvTranspose"], validate=False
    )
    graph = Graph(source)
    tied_onnx.untie(graph.model)  # it knows no constant behind a Transpose
    free_names(graph.model)
    model: Any = nncf.compress_weights(
        graph.model, mode=nncf.CompressWeightsMode.INT8_SYM, ignored_scope=ignored
    )
    if not any(tensor.data_type == onnx.TensorProto.INT8 for tensor in model.graph.initializer):
        raise EdgeoptError("NNCF found no weight in the model that it compresses.")
    onnx.save_model(model, str(target))


_MAKERS = {
    "fp32": _copy,
    "fp16": half,
    "int8-static": _static,
    "int8-dynamic": _dynamic,
    "int8-weights": _weights,
    "as-is": _copy,
}

"""To TensorRT: an ONNX file that says every type itself. The engine is built on the target."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeopt.convert import symmetric_qdq
from edgeopt.convert.converter import Converter
from edgeopt.convert.job import Job, Made
from edgeopt.convert.onnxruntime import half, onnx_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization
from edgeopt.sources.source import Source

_WEIGHTED = {"Conv", "MatMul", "Gemm"}


class TensorRt(Converter):
    """Every precision starts from the canonical ONNX file.

    ONNX Runtime makes and checks them here: TensorRT itself is needed on the target alone.
    """

    runtime = "tensorrt"

    def needs(self, precision: str) -> tuple[str, ...]:
        """onnx, for each."""
        return ("onnx",)

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """Static integers with symmetric activations, which are all that TensorRT has."""
        if precision != "int8-static":
            return None
        return Quantization(library="onnxruntime", calibration="min-max", activations="symmetric")

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why this source has nothing to gain from a precision, or ""."""
        wanted = _WEIGHTED if precision == "fp16-2to4" else {*symmetric_qdq.OPERATORS}
        helps = precision not in ("fp16-2to4", "int8-static") or wanted & source.operators.keys()
        if source.operators and not helps:
            return f"it has none of the operators that this is for ({', '.join(sorted(wanted))})"
        return ""

    def convert(self, job: Job) -> Made:
        """Write model.onnx.

        Raises:
            EdgeoptError: there is no ONNX form of the source, or it has nothing to prune.
        """
        source, target = onnx_of(job.source), Path(job.folder) / "model.onnx"
        precision = job.recipe.precision
        notes: tuple[str, ...] = ("the engine is built on the target: see build_engine.py",)
        if precision == "fp32":
            shutil.copyfile(source, target)
        elif precision == "fp16":
            half(job, source, target)
        elif precision == "int8-static":
            symmetric_qdq.quantize(job, source, target)
        else:
            notes += (_sparse(job, source, target),)
        return Made(main=target.name, notes=notes)


CONVERTER = TensorRt()


def _sparse(job: Job, source: Path, target: Path) -> str:
    """Write the pruned model in fp16; returns what the user should know of it."""
    import onnx

    from edgeopt.convert.sparse_2to4 import prune_model

    model = onnx.load(str(source))
    zeroed, total = prune_model(model)
    if not zeroed:
        raise EdgeoptError("no weights in it come in groups of 4 along the input channels.")
    pruned = target.with_name("pruned.onnx")
    onnx.save_model(model, str(pruned))
    half(job, pruned, target)
    pruned.unlink()
    return (
        f"{zeroed / total:.0%} of its weights were set to 0 by magnitude (2:4) and not trained "
        "again: expect to lose accuracy, and trust the score"
    )

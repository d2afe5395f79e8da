"""To OpenVINO: its own converter, NNCF for integers."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.convert import openvino_open, openvino_prepared, openvino_static, openvino_tied
from edgeopt.convert.converter import Converter
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job, Made
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Precision, Quantization
from edgeopt.sources.source import Source

_MATRIX = {"MatMul", "Gemm"}


_WAYS: dict[str, tuple[Way, ...]] = {
    "int8-static": ("float", "uncorrected", "per-tensor"),
    "int8-weights": ("float",),
}


class OpenVino(Converter):
    """By its own converter and NNCF."""

    runtime = "openvino"
    makes_forms = True

    def needs(self, precision: str) -> tuple[str, ...]:
        """NNCF for integers."""
        return ("nncf",) if precision.startswith("int8") else ()

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """NNCF's."""
        return {
            "int8-static": Quantization(
                library="nncf",
                calibration="min-max",
                activations="symmetric",
                bias_correction="fast",
                overflow_fix=True,
            ),
            "int8-dynamic": Quantization(library="nncf"),
            "int8-weights": Quantization(library="nncf"),
        }.get(precision)

    def unsuitable(self, precision: str, source: Source) -> str:
        """Why this source has nothing to gain from a precision, or ""."""
        known = source.operators.keys()
        if precision == "int8-dynamic" and known and not _MATRIX & known:
            return (
                "OpenVINO quantizes activations at run time for matrix products only; it has none"
            )
        return ""

    def base(self, precision: str) -> Precision | None:
        """Activations quantized at run time are an option of the session; the file is the same."""
        return "int8-weights" if precision == "int8-dynamic" else None

    def convert(self, job: Job) -> Made:
        """Write model.xml and model.bin.

        Raises:
            EdgeoptError: OpenVINO reads no form of the source.
        """
        target = Path(job.folder) / "model.xml"
        if job.base is not None:
            for suffix in (".xml", ".bin"):
                shutil.copyfile(Path(job.base).with_suffix(suffix), target.with_suffix(suffix))
            return Made(main=target.name)
        import openvino as ov

        model, notes = openvino_open.read(job.source)
        precision = job.recipe.precision
        if precision == "int8-static":
            openvino_prepared.prepare(model)
            model = openvino_static.quantized(job, model)
        elif precision == "int8-weights":
            model = _weights(job, model)
        elif precision != "as-is":
            openvino_tied.share(model)
        model = openvino_open.opened(model, job.source)
        ov.save_model(model, target, compress_to_fp16=precision in ("fp16", "bf16"))
        return Made(main=target.name, notes=notes)

    @contextlib.contextmanager
    def forms(self, job: Job) -> Iterator[Forms]:
        """NNCF's."""
        model, _ = openvino_open.read(job.source)
        openvino_prepared.prepare(model)
        with openvino_static.forms(job, model) as made:
            yield made

    def ways(self, job: Job) -> tuple[Way, ...]:
        """By precision; a file that is a copy of another has none."""
        return _WAYS.get(job.recipe.precision, ()) if job.base is None else ()

    def operators(self, job: Job) -> tuple[Operator, ...]:
        """Those of the model that is quantized."""
        return openvino_static.operators(openvino_open.read(job.source)[0])


CONVERTER = OpenVino()


def _weights(job: Job, model: Any) -> Any:
    import nncf

    modes = {8: nncf.CompressWeightsMode.INT8_ASYM, 4: nncf.CompressWeightsMode.INT4_ASYM}
    how = job.recipe.quantization
    bits = 8 if how is None else how.weight_bits
    left = openvino_static.ignored(job)
    if bits == 8:
        return nncf.compress_weights(model, mode=modes[8], ignored_scope=left)
    # Rows of one scale each: groups of 128 do not divide the channels of small models.
    return nncf.compress_weights(model, mode=modes[4], group_size=-1, ratio=1.0, ignored_scope=left)

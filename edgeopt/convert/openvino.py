"""To OpenVINO: its own converter, NNCF for integers."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.convert import openvino_prepared, openvino_reader, openvino_static, openvino_tied
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job, Made
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import OptionSet, Precision, Quantization
from edgeopt.domain.target import RecipeRule
from edgeopt.sources.source import Source

EXTRA = "openvino"

PRECISIONS: dict[str, tuple[str, ...]] = {
    "fp32": ("openvino",),
    "fp16": ("openvino",),
    "bf16": ("openvino",),
    "int8-static": ("openvino", "nncf"),
    "int8-dynamic": ("openvino", "nncf"),
    "int8-weights": ("openvino", "nncf"),
    "as-is": ("openvino",),
}

OPTION_SETS = (
    OptionSet(
        options={"INFERENCE_PRECISION_HINT": "bf16"},
        why="what is not quantized runs in bfloat16 instead of f32",
        precisions=("int8-static", "int8-dynamic", "int8-weights"),
        needs_any=("amx_bf16", "avx512_bf16"),
    ),
    OptionSet(
        options={"INFERENCE_PRECISION_HINT": "f16"},
        why="what is not quantized runs in half precision instead of f32",
        precisions=("int8-static", "int8-dynamic", "int8-weights"),
        needs_any=("avx512_fp16", "asimdhp"),
    ),
    OptionSet(
        options={"ENABLE_CPU_PINNING": "NO"},
        why="threads that may move get out of the way of other programs",
    ),
    OptionSet(
        affinity="fastest",
        why="threads that stay where they are keep their caches, and get no slower core",
        spare_cores=True,
    ),
)

_ARITHMETIC = {"fp16": "f16", "bf16": "bf16"}


_GROUPS = {"int8-weights": 0, "int8-dynamic": 32}


def arithmetic(precision: str) -> dict[str, str | int]:
    """Without the hint a processor with bfloat16 computes everything in it; without the groups
    activations beside compressed weights are quantized at run time, by 32 (2026.4).
    """
    fixed: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": _ARITHMETIC.get(precision, "f32")}
    if precision in _GROUPS:
        fixed["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = _GROUPS[precision]
    return fixed


_BESIDE_THE_CPU: dict[Precision, str] = {
    "fp16": "half precision, which it computes in by itself",
    "int8-static": "its integer arithmetic; what stays float runs in half precision",
}

#: Where OpenVINO sees a GPU or an NPU of Intel.
PROVIDER_RULES = tuple(
    RecipeRule(
        runtime="openvino",
        precision=precision,
        why=why,
        options={"DEVICE": device, "INFERENCE_PRECISION_HINT": "f16"},
    )
    for device in ("GPU", "NPU")
    for precision, why in _BESIDE_THE_CPU.items()
)

_MATRIX = {"MatMul", "Gemm"}


def recipe(precision: str, source: Source | None = None) -> Quantization | None:
    """How integers are chosen for a precision."""
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


def unsuitable(precision: str, source: Source) -> str:
    """Why this source has nothing to gain from a precision, or ""."""
    if precision == "int8-dynamic" and source.operators and not _MATRIX & source.operators.keys():
        return "OpenVINO quantizes activations at run time for matrix products only; it has none"
    return ""


def base(precision: str) -> str | None:
    """Activations quantized at run time are an option of the session; the file is the same."""
    return "int8-weights" if precision == "int8-dynamic" else None


def convert(job: Job) -> Made:
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

    model, notes = openvino_reader.read(job.source)
    precision = job.recipe.precision
    if precision == "int8-static":
        openvino_prepared.prepare(model)
        model = openvino_static.quantized(job, model)
    elif precision == "int8-weights":
        model = _weights(job, model)
    elif precision != "as-is":
        openvino_tied.share(model)
    ov.save_model(model, target, compress_to_fp16=precision in ("fp16", "bf16"))
    return Made(main=target.name, notes=notes)


@contextlib.contextmanager
def forms(job: Job) -> Iterator[Forms]:
    """See `convert.forms`."""
    model, _ = openvino_reader.read(job.source)
    openvino_prepared.prepare(model)
    with openvino_static.forms(job, model) as made:
        yield made


def ways(job: Job) -> tuple[Way, ...]:
    """See `convert.ways`; a file that is a copy of another has none."""
    if job.base is not None:
        return ()
    table: dict[str, tuple[Way, ...]] = {
        "int8-static": ("float", "uncorrected", "per-tensor"),
        "int8-weights": ("float",),
    }
    return table.get(job.recipe.precision, ())


def operators(job: Job) -> tuple[Operator, ...]:
    """Those of the model that is quantized."""
    return openvino_static.operators(openvino_reader.read(job.source)[0])


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

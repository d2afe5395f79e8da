"""To LiteRT: litert-torch from PyTorch, TensorFlow's converter from Keras and SavedModels,

onnx2tf from ONNX; a LiteRT file is taken as it is. AI Edge Quantizer makes integers, where
TensorFlow's converter does not.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.convert import (
    arena,
    layout,
    litert_open,
    litert_prepared,
    litert_static,
    micro,
    tflite_converter,
    tflite_plain,
    tflite_weights,
    tflite_whole,
)
from edgeopt.convert.converter import Converter
from edgeopt.convert.fallbacks import Way
from edgeopt.convert.forms import Forms
from edgeopt.convert.job import Job, Made
from edgeopt.convert.litert_float import Came, from_source, image_permutes, turns_images
from edgeopt.convert.litert_graph import Graph
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Precision, Quantization
from edgeopt.sources.source import Source


class LiteRt(Converter):
    """By litert-torch, TensorFlow's converter or onnx2tf, and AI Edge Quantizer."""

    runtime = "litert"
    from_torch = ("litert-torch",)
    makes_forms = True

    def needs(self, precision: str) -> tuple[str, ...]:
        """AI Edge Quantizer, for what is made from the fp32 file."""
        return ("ai-edge-quantizer",) if self.base(precision) else ()

    def quantization(self, precision: str, source: Source | None = None) -> Quantization | None:
        """AI Edge Quantizer's, or TensorFlow's for its own sources."""
        if not precision.startswith("int8"):
            return None
        theirs = source is not None and _by_tensorflow(precision, source)
        return Quantization(
            library="tensorflow" if theirs else "ai-edge-quantizer",
            calibration="min-max" if precision == "int8-static" else None,
        )

    def unsuitable(self, precision: str, source: Source) -> str:
        """Its quantizer takes every kind of model; what it cannot do shows at conversion."""
        if precision == "as-is" and source.tflite is None:
            return (
                "onnx2tf turns quantized operators of ONNX into float ones that round: it would "
                "not be the file as it is"
            )
        return ""

    def base(self, precision: str) -> Precision | None:
        """Everything but fp32 is made from the fp32 file."""
        return None if precision in ("fp32", "as-is") else "fp32"

    def convert(self, job: Job) -> Made:
        """Write model.tflite, channels last where the source has images."""
        target = Path(job.folder) / "model.tflite"
        source, precision = job.source, job.recipe.precision
        came = Came()
        if _is_the_file(source, precision):
            shutil.copyfile(str(source.tflite), target)
        elif precision == "fp32" or _taken_by_tensorflow(job):
            came = from_source(job, target)
            litert_open.opened(job, target, image_permutes(source))
        else:
            assert job.base is not None, "the plan makes the fp32 artifact first"
            came = Came(notes=_quantize(job, job.base, target))
        if precision.startswith("int8"):
            _refuse_float(job, target)
        permutes = image_permutes(source)
        turned = layout.cubes_turned(job, str(target), permutes) if turns_images(source) else {}
        notes = _stored_once(target, source, precision)
        if precision == "int8-static":
            tflite_whole.write(target)
            notes += _notes(target)
        return Made(
            main=target.name,
            permutes=permutes | turned,
            tools=came.tools,
            notes=(*came.notes, *notes),
        )

    def ways(self, job: Job) -> tuple[Way, ...]:
        """By who makes the integers."""
        precision = job.recipe.precision
        if _taken_by_tensorflow(job):
            return ("float-kernels",) if precision == "int8-static" else ()
        if precision == "int8-static":
            return ("per-tensor-there", "float", "uncorrected", "per-tensor")
        return () if job.base is None else ("float",)

    def operators(self, job: Job) -> tuple[Operator, ...]:
        """Those of the file that is quantized; none where TensorFlow's converter does it."""
        if job.base is None or _taken_by_tensorflow(job):
            return ()
        with _plain(job, job.base) as path:
            return Graph(path).operators()

    @contextlib.contextmanager
    def forms(self, job: Job) -> Iterator[Forms]:
        """AI Edge Quantizer's.

        Raises:
            EdgeoptError: TensorFlow's converter makes this source's integers.
        """
        assert job.base is not None, "the plan makes the fp32 artifact first"
        with _plain(job, job.base) as path:
            yield litert_static.forms(job, path, image_permutes(job.source))


CONVERTER = LiteRt()


def _by_tensorflow(precision: str, source: Source) -> bool:
    return bool(source.saved_model) and precision in tflite_converter.PRECISIONS


def _taken_by_tensorflow(job: Job) -> bool:
    """What TensorFlow's converter can make, unless the recipe names another library."""
    how = job.recipe.quantization
    other = how is not None and how.library != "tensorflow"
    return _by_tensorflow(job.recipe.precision, job.source) and not other


def _stored_once(target: Path, source: Source, precision: str) -> tuple[str, ...]:
    """Make the name true of every constant, and keep each once; a note where that cannot be."""
    if _is_the_file(source, precision):
        return ()
    if precision == "fp16":
        tflite_weights.halve(target)
        _refuse_wide(target)
    tflite_weights.share(target)
    return () if precision == "fp32" else tflite_weights.floats_note(target)


def _notes(target: Path) -> tuple[str, ...]:
    """What a microcontroller would need, where inputs and outputs are integers."""
    computed = arena.note(str(target))
    return tuple(told for told in (computed, computed and micro.note(str(target))) if told)


def _is_the_file(source: Source, precision: str) -> bool:
    """Whether a LiteRT source is of this precision already."""
    return source.tflite is not None and source.stored == precision


def _quantize(job: Job, base: str, target: Path) -> tuple[str, ...]:
    """Write the file; returns notes."""
    from ai_edge_quantizer import quantizer, recipe

    recipes = {
        "fp16": lambda how: _half_recipe(),
        "int8-dynamic": lambda how: recipe.dynamic_wi8_afp32(),
        "int8-weights": _weights_recipe,
    }
    with _plain(job, base) as path:
        if job.recipe.precision == "int8-static":
            return litert_static.write(job, path, image_permutes(job.source), target)
        chosen = recipes[job.recipe.precision](job.recipe.quantization)
        chosen = litert_prepared.without(chosen, job.relaxation.in_float)
        result = quantizer.Quantizer(path, chosen).quantize(enable_progress_bar=False)
        target.write_bytes(result.quantized_model)
    return ()


@contextlib.contextmanager
def _plain(job: Job, base: str) -> Iterator[str]:
    """The fp32 file as the quantizer reads it."""
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        path = Path(base)
        if job.source.tflite:
            path = Path(scratch) / "plain.tflite"
            tflite_plain.write(Path(base), path)
        yield str(litert_prepared.write(path, Path(scratch) / "prepared.tflite"))


def _refuse_float(job: Job, path: Path) -> None:
    """A quantizer that finds nothing to do says nothing of it.

    Raises:
        EdgeoptError: there are no integers in the file.
    """
    from edgeopt.runtimes import litert

    if not {"int8", "int4"} & litert.stored(str(path)):
        path.unlink()
        tool = "TensorFlow" if job.source.saved_model else "AI Edge Quantizer"
        raise EdgeoptError(
            f"{tool} found nothing in the model to quantize this way.",
            "Small weights, sparse ones and those that are no constants stay as they are.",
        )


def _refuse_wide(path: Path) -> None:
    """Raises EdgeoptError: there is no 16-bit float in the file."""
    from edgeopt.runtimes import litert

    if "float16" not in litert.stored(str(path)):
        path.unlink()
        raise EdgeoptError("AI Edge Quantizer found no weight in it that it stores in 16 bits.")


def _weights_recipe(how: Quantization) -> list[dict[str, Any]]:
    from ai_edge_quantizer import recipe

    return list(
        recipe.weight_only_wi4_afp32() if how.weight_bits == 4 else recipe.weight_only_wi8_afp32()
    )


def _half_recipe() -> list[dict[str, Any]]:
    """16-bit float weights. XNNPACK widens them where it computes in 32 bits."""
    from ai_edge_quantizer import algorithm_manager, qtyping, recipe_manager

    manager = recipe_manager.RecipeManager()
    manager.add_quantization_config(
        regex=".*",
        operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
        op_config=qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(
                num_bits=16, dtype=qtyping.TensorDataType.FLOAT
            ),
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
        algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
    )
    return manager.get_quantization_recipe()

"""To LiteRT: litert-torch from PyTorch, TensorFlow's converter from Keras and SavedModels,

onnx2tf from ONNX; a LiteRT file is taken as it is. AI Edge Quantizer makes integers, where
TensorFlow's converter does not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeopt.convert import layout, onnx2tf, tflite_converter, tflite_plain
from edgeopt.convert.bindings import CHANNELS_LAST
from edgeopt.convert.job import Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import OptionSet, Quantization
from edgeopt.sources.source import Source

EXTRA = "litert"

PRECISIONS: dict[str, tuple[str, ...]] = {
    "fp32": ("ai-edge-litert",),
    "fp16": ("ai-edge-litert", "ai-edge-quantizer"),
    "int8-static": ("ai-edge-litert", "ai-edge-quantizer"),
    "int8-dynamic": ("ai-edge-litert", "ai-edge-quantizer"),
    "int8-weights": ("ai-edge-litert", "ai-edge-quantizer"),
    "as-is": ("ai-edge-litert",),
}


#: Its Python interface has no weight cache, no arena and no other flag of XNNPACK.
OPTION_SETS = (
    OptionSet(
        affinity="fastest",
        why="threads that stay where they are keep their caches, and get no slower core",
        spare_cores=True,
    ),
    OptionSet(
        options={"xnnpack": "off"},
        why="LiteRT's own kernels quantize activations at run time, too",
        precisions=("int8-dynamic",),
    ),
    OptionSet(
        options={"xnnpack": "latest"},
        why="XNNPACK takes some operators on request only",
    ),
)


def packages(precision: str, source: Source) -> tuple[str, ...]:
    """Distributions that making a precision from this source needs."""
    return (*PRECISIONS[precision], *(("litert-torch",) if source.exported else ()))


def recipe(precision: str, source: Source | None = None) -> Quantization | None:
    """How integers are chosen for a precision."""
    if not precision.startswith("int8"):
        return None
    theirs = source is not None and _by_tensorflow(precision, source)
    return Quantization(
        library="tensorflow" if theirs else "ai-edge-quantizer",
        calibration="min-max" if precision == "int8-static" else None,
    )


def _by_tensorflow(precision: str, source: Source) -> bool:
    return bool(source.saved_model) and precision in tflite_converter.PRECISIONS


def unsuitable(precision: str, source: Source) -> str:
    """LiteRT's quantizer takes every kind of model; what it cannot do shows at conversion."""
    return ""


def base(precision: str) -> str | None:
    """Everything but fp32 is made from the fp32 file."""
    return None if precision in ("fp32", "as-is") else "fp32"


def convert(job: Job) -> Made:
    """Write model.tflite, channels last where the source has images."""
    target = Path(job.folder) / "model.tflite"
    source, precision = job.source, job.recipe.precision
    tools: dict[str, str] = {}
    if _is_the_file(source, precision):
        shutil.copyfile(str(source.tflite), target)
    elif precision == "fp32" or _by_tensorflow(precision, source):
        tools = _from_source(job, target)
    else:
        assert job.base is not None, "the plan makes the fp32 artifact first"
        _quantize(job, job.base, target)
    if precision.startswith("int8"):
        _refuse_float(job, target)
    permutes = image_permutes(source)
    turned = layout.cubes_turned(job, str(target), permutes) if turns_images(source) else {}
    return Made(main=target.name, permutes=permutes | turned, tools=tools)


def _is_the_file(source: Source, precision: str) -> bool:
    """Whether a LiteRT source is of this precision already."""
    return source.tflite is not None and source.stored == precision


def turns_images(source: Source) -> bool:
    """Whether the converter makes images channels last; TensorFlow's and LiteRT's are."""
    return source.tflite is None and source.saved_model is None


def image_permutes(source: Source) -> dict[str, tuple[int, ...]]:
    """The layout change that both converters make: 4-D inputs to channels last."""
    if not turns_images(source):
        return {}
    images = (spec.name for spec in source.inputs if len(spec.shape) == 4)
    return {name: CHANNELS_LAST for name in images if name not in source.channels_last}


def _from_source(job: Job, target: Path) -> dict[str, str]:
    """Write the file without a base; returns the versions of what is not in this environment."""
    source = job.source
    if source.tflite:
        tflite_plain.write(Path(source.tflite), target)
    elif source.saved_model:
        tflite_converter.convert(job, target)
    elif source.exported:
        _from_torch(source, target)
    elif source.onnx is None:
        raise EdgeoptError(source.onnx_reason)
    else:
        shutil.move(_from_onnx(job, Path(source.onnx)), target)
        return {"onnx2tf": onnx2tf.VERSION}
    return {}


def _from_onnx(job: Job, path: Path) -> Path:
    source = job.source
    return onnx2tf.convert(path, Path(job.folder), source.inputs, source.channels_last)


def _from_torch(source: Source, target: Path) -> None:
    import litert_torch
    import torch

    module: Any = torch.export.load(str(source.exported)).module()
    images = [i for i, spec in enumerate(source.inputs) if spec.name in image_permutes(source)]
    if images:
        module = litert_torch.to_channel_last_io(module, args=images)
    arguments = []
    for i, spec in enumerate(source.inputs):
        shape = tuple(int(dim or 1) for dim in spec.shape)
        tensor = torch.zeros(shape, dtype=getattr(torch, spec.dtype))
        arguments.append(tensor.permute(*CHANNELS_LAST).contiguous() if i in images else tensor)
    litert_torch.convert(module, tuple(arguments)).export(str(target))


def _quantize(job: Job, base: str, target: Path) -> None:
    from ai_edge_quantizer import quantizer, recipe

    recipes = {
        "fp16": _half_recipe,
        "int8-static": _static_recipe,
        "int8-dynamic": recipe.dynamic_wi8_afp32,
        "int8-weights": recipe.weight_only_wi8_afp32,
    }
    chosen = recipes[job.recipe.precision]()
    if job.source.tflite:
        plain = target.with_name("plain.tflite")
        tflite_plain.write(Path(base), plain)
        base = str(plain)
    work = quantizer.Quantizer(base, chosen)
    ranges = _ranges(job, base, chosen) if work.need_calibration else None
    result = work.quantize(ranges, enable_progress_bar=False)
    target.write_bytes(result.quantized_model)
    target.with_name("plain.tflite").unlink(missing_ok=True)


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
            f"{tool} found nothing in it that it quantizes so.",
            "Small weights, sparse ones and those that are no constants stay as they are.",
        )


def _ranges(job: Job, base: str, chosen: list[dict[str, Any]]) -> dict[str, Any]:
    """The least and the largest value of each tensor over all samples.

    The quantizer's own way is a moving average that starts at the first sample: it cuts off
    most of what is rare, and all of an output that is one number.
    """
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(chosen)
    work = calibrator.Calibrator(base, num_threads=2, qsv_update_func=qsv_utils.min_max_update)
    work.calibrate(_calibration(job, base), manager)
    return dict(work.get_model_qsvs())


def _static_recipe() -> list[dict[str, Any]]:
    """Weights by channel, but not in BATCH_MATMUL: its kernel would then answer zeros."""
    from ai_edge_quantizer import qtyping, recipe_manager

    names, grains = qtyping.TFLOperationName, qtyping.QuantGranularity
    manager = recipe_manager.RecipeManager()
    for operation, grain in (
        (names.ALL_SUPPORTED, grains.CHANNELWISE),
        (names.BATCH_MATMUL, grains.TENSORWISE),
    ):
        manager.add_static_config(".*", operation, 8, 8, weight_granularity=grain)
    return manager.get_quantization_recipe()


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


def _calibration(job: Job, base: str) -> dict[str, Any]:
    """Samples as the signature takes them: {signature: ({argument: [1, ...]}, ...)}."""
    from edgeopt.convert.bindings import bind
    from edgeopt.runtimes import litert
    from edgeopt.runtimes.binding import to_artifact

    session = litert.open_session(base, 1, {})
    bindings = bind(job.source.inputs, session.inputs, image_permutes(job.source))
    signature = litert.signature(base)

    def samples() -> Iterator[dict[str, Any]]:
        for sample in job.samples():
            yield {b.name: to_artifact(sample[b.source][None], _fields(b))[0] for b in bindings}

    return {signature: list(samples())}


def _fields(binding: Any) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(binding)

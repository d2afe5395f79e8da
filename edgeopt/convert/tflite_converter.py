"""TensorFlow's own converter to LiteRT, for sources with a SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.job import Job
from edgeopt.convert.library_errors import LibraryFailed
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told

#: Made by this converter; what else there is starts from its fp32 file.
PRECISIONS = ("fp32", "fp16", "int8-static", "int8-dynamic")


def convert(job: Job, target: Path) -> None:
    """Write a .tflite file of the job's precision.

    Raises:
        LibraryFailed: an operator has no LiteRT form, or the converter failed.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(job.source.saved_model))
    _SETTINGS[job.recipe.precision](converter, job, tf)
    try:
        target.write_bytes(converter.convert())
    except Exception as error:
        text = str(error)
        if "requires select TF operators" in text or "Flex" in text or "custom" in text:
            raise LibraryFailed(
                f"TensorFlow's converter has no LiteRT form of it: {_operators(text)}",
                "LiteRT cannot run it without TensorFlow itself.",
            ) from None
        otherwise = LibraryFailed(f"TensorFlow's converter failed: {first_line(error)}")
        raise told(error, otherwise) from None


def _operators(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("Flex ops:")]
    return (named or lines or ["no message"])[0][:200]


def _float(converter: Any, job: Job, tf: Any) -> None:
    return


def _half(converter: Any, job: Job, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _dynamic(converter: Any, job: Job, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _static(converter: Any, job: Job, tf: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _samples(job)
    kinds = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if job.relaxation.float_kernels:
        kinds.append(tf.lite.OpsSet.TFLITE_BUILTINS)
    converter.target_spec.supported_ops = kinds
    if all(spec.dtype == "float32" for spec in job.source.inputs):
        converter.inference_input_type = tf.int8
    if all(spec.dtype == "float32" for spec in job.source.outputs):
        converter.inference_output_type = tf.int8


def _samples(job: Job) -> Iterator[dict[str, np.ndarray]]:
    for sample in job.samples():
        yield {
            spec.name: np.asarray(sample[spec.name], spec.dtype).reshape(list(spec.sizes))
            for spec in job.source.inputs
        }


_SETTINGS: dict[str, Callable[[Any, Job, Any], None]] = {
    "fp32": _float,
    "fp16": _half,
    "int8-static": _static,
    "int8-dynamic": _dynamic,
}

"""Runs in a child process: makes one artifact, loads it in its runtime, and describes it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from edgeopt import convert, runtimes
from edgeopt.convert import matching, twice, with_fallbacks
from edgeopt.convert.algorithms import require
from edgeopt.convert.job import Converted, Job, Made
from edgeopt.convert.library_errors import CannotLoad
from edgeopt.domain.tensor import Binding
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told


def make(argument: Any) -> Any:
    """Convert, then open the result once: a file that its runtime refuses is no artifact.

    Raises:
        EdgeoptError: the runtime cannot load it, or the library lacks what the recipe asks for.
    """
    job = msgspec.convert(argument, Job)
    require(job.recipe)
    converter = convert.load(job.recipe.runtime)
    made, session = with_fallbacks.made(job, converter, _open)
    packages = converter.packages(job.recipe.precision, job.source)
    inputs, outputs = matching.bound(job, session, made.permutes)
    converted = Converted(
        main=made.main,
        inputs=_scaled(inputs, job.source.reference_inputs),
        outputs=_scaled(outputs, job.source.reference_outputs),
        tools=versions((*packages, *SOURCE_TOOLS[job.source.format])) | made.tools,
        notes=(
            *made.notes,
            *_not_taken(job, inputs),
            *twice.note(job.source, job.recipe.precision, Path(job.folder)),
        ),
    )
    return msgspec.to_builtins(converted)


def _not_taken(job: Job, inputs: tuple[Binding, ...]) -> tuple[str, ...]:
    """A note of the source's inputs that the artifact has not."""
    taken = {binding.source for binding in inputs}
    left = [repr(spec.name) for spec in job.source.inputs if spec.name not in taken]
    named = f"input {left[0]}" if len(left) == 1 else f"inputs {', '.join(left)}"
    return (f"it does not take {named}: no answer depends on that",) if left else ()


def _scaled(bindings: tuple[Binding, ...], own: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """The bindings; where a runtime keeps the source file's integers but not their scale, its."""
    scales = {
        binding.source: {"scale": binding.scale, "zero_point": binding.zero_point}
        for binding in own
        if binding.scale is not None
    }
    return tuple(
        msgspec.structs.replace(binding, **scales[binding.source])
        if binding.scale is None and binding.source in scales and "int" in binding.dtype
        else binding
        for binding in bindings
    )


_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tf2onnx", "onnx", "onnxslim")

#: Source format -> packages that prepared it.
SOURCE_TOOLS = {
    "onnx": ("onnx", "onnxslim"),
    "pt2": ("torch", "onnx", "onnxscript"),
    "pickle": ("torch", "onnx", "onnxscript"),
    "torchscript": ("torch", "onnx", "onnxslim"),
    "tflite": ("ai-edge-litert", "tf2onnx", "onnx", "onnxslim"),
    **dict.fromkeys(("keras", "h5"), (*_TENSORFLOW, "keras")),
    "saved-model": _TENSORFLOW,
    **dict.fromkeys(("skops", "joblib"), ("scikit-learn", "skl2onnx", "onnx", "onnxslim")),
}


def _open(job: Job, made: Made) -> Any:
    path = str(Path(job.folder) / made.main)
    recipe = job.recipe
    spec = runtimes.spec(recipe.runtime)
    # Opened on the processor: what else the device has, this machine may not.
    chosen = spec.provider_option
    options = {key: value for key, value in recipe.options.items() if key != chosen}
    options = {} if spec.stand_in else options
    try:
        return runtimes.load(spec.answers).open_session(path, 1, options)
    except Exception as error:
        what = f"{recipe.runtime} cannot load what was made"
        otherwise = CannotLoad(what, first_line(error))
        raise told(error, otherwise) from error


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; a package that is not installed is left out."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found

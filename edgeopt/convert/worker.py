"""Runs in a child process: makes one artifact, loads it in its runtime, and describes it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from edgeopt import convert, runtimes
from edgeopt.convert.bindings import bind
from edgeopt.convert.job import Converted, Job, Made
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs.child import first_line


def make(argument: Any) -> Any:
    """Convert, then open the result once: a file that its runtime refuses is no artifact.

    Raises:
        EdgeoptError: the runtime cannot load it.
    """
    job = msgspec.convert(argument, Job)
    converter = convert.load(job.recipe.runtime)
    made: Made = converter.convert(job)
    session = _open(job, made)
    packages = converter.packages(job.recipe.precision, job.source)
    converted = Converted(
        main=made.main,
        inputs=bind(job.source.inputs, session.inputs, made.permutes),
        outputs=bind(job.source.outputs, session.outputs, made.permutes),
        tools=versions((*packages, *SOURCE_TOOLS[job.source.format])) | made.tools,
        notes=made.notes,
    )
    return msgspec.to_builtins(converted)


#: Source format -> packages that prepared it.
SOURCE_TOOLS = {
    "onnx": ("onnx", "onnxslim"),
    "pt2": ("torch", "onnx", "onnxscript"),
    "pickle": ("torch", "onnx", "onnxscript"),
}


def _open(job: Job, made: Made) -> Any:
    path = str(Path(job.folder) / made.main)
    recipe = job.recipe
    try:
        return runtimes.load(recipe.runtime).open_session(path, 1, recipe.options)
    except Exception as error:
        raise EdgeoptError(
            f"{recipe.runtime} cannot load what was made: {first_line(error)}",
            "The conversion itself ended without an error.",
        ) from error


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; a package that is not installed is left out."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found

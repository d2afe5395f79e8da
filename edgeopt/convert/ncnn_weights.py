"""How the weights that pnnx wrote are stored: those of layers in 16 bits, constants in 32."""

from __future__ import annotations

import math
from pathlib import Path

from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError


def notes(job: Job, path: Path) -> tuple[str, ...]:
    """pnnx writes weights of layers in 16 bits, and what stands beside them (MemoryData) in 32.

    Raises:
        EdgeoptError: all of a half-precision form is in 32 bits.
    """
    if job.recipe.precision != "fp16":
        return ()
    from edgeopt.runtimes import ncnn

    whole = path.with_suffix(".bin").stat().st_size
    beside = [layer for layer in ncnn.read(str(path)) if layer["type"] == "MemoryData"]
    left = sum(4 * _elements(layer["parameters"]) for layer in beside)
    if whole and left >= whole:
        raise EdgeoptError(
            "pnnx wrote none of its weights in 16 bits: they are constants beside the layers, "
            "which stay 32-bit floats."
        )
    if 10 * left < whole:
        return ()
    return (f"{left} of the {whole} bytes of its weights stay 32-bit floats",)


def _elements(parameters: dict[str, str]) -> int:
    """Of a MemoryData layer: 0=w 1=h 11=d 2=c, 0 where an axis is not there."""
    sizes = (int(parameters.get(key, 0)) for key in ("0", "1", "11", "2"))
    return math.prod(size or 1 for size in sizes)

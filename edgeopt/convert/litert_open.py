"""An axis that stays open in LiteRT: its interpreter resizes inputs, where the file can follow.

The model is converted at two of the stated sizes, what differs is freed (`litert_loose`), and the
file is then tried at every size.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.convert import matching
from edgeopt.convert.bindings import bind
from edgeopt.convert.job import Job
from edgeopt.convert.litert_float import from_source
from edgeopt.convert.litert_loose import cannot, loosen
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.jobs.told import told
from edgeopt.runtimes import litert
from edgeopt.sources import canonical_onnx, open_onnx
from edgeopt.sources.source import Source

Permutes = dict[str, tuple[int, ...]]


def opened(job: Job, target: Path, permutes: Permutes) -> None:
    """Open the axis in a file that was converted at its largest size, in place.

    Args:
        permutes: of the inputs.

    Raises:
        EdgeoptError: the file cannot follow an input of another size.
    """
    kept = job.source.kept
    if kept is None or len(kept.sizes) < 2:
        return
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        folder = Path(scratch)
        source, smaller = _at(job.source, kept.sizes[0], folder), folder / "model.tflite"
        (folder / "made").mkdir()
        made = msgspec.structs.replace(
            job, source=source, folder=str(folder / "made"), calibration={}
        )
        from_source(made, smaller)
        loosen(target, smaller, kept)
    _require_every_size(target, job.source, permutes)


def _at(source: Source, size: int, folder: Path) -> Source:
    """The source with its axis fixed at one size."""
    import onnx

    assert source.kept is not None
    assert source.open_onnx is not None
    zeros = {spec.name: np.zeros(spec.sizes, spec.dtype) for spec in source.inputs}
    sample = open_onnx.cut(zeros, source.kept, size)
    shapes = {name: one.shape for name, one in sample.items()}
    fixed = canonical_onnx.fix_shapes(onnx.load(source.open_onnx), shapes)
    path = folder / "model.onnx"
    canonical_onnx.save(fixed, path)
    _, expected = canonical_onnx.answers(path, sample)
    canonical_onnx.write(fixed, path, sample, expected)
    inputs = canonical_onnx.input_specs(fixed)
    return msgspec.structs.replace(source, inputs=inputs, onnx=str(path), kept=None, open_onnx=None)


def _require_every_size(target: Path, source: Source, permutes: Permutes) -> None:
    """Raises EdgeoptError: the file does not run at a size, or answers in another shape."""
    kept = source.kept
    assert kept is not None
    try:
        session = litert.open_session(str(target), 1, {})
    except (RuntimeError, ValueError) as error:
        raise told(error, _refused(kept, kept.largest, error)) from error
    with contextlib.closing(session):
        for size in kept.sizes:
            wanted = sorted(int(np.prod(s)) for s in kept.shapes_at(size).values())
            try:
                found = session.run(_zeros(session, source, permutes, size))
            except (RuntimeError, ValueError) as error:
                raise told(error, _refused(kept, size, error)) from error
            if sorted(one.size for one in found) != wanted:
                raise cannot(kept, f"at {size} its answers have another size")


def _zeros(session: Any, source: Source, permutes: Permutes, size: int) -> list[Any]:
    """Of each input of the file in order, at one size."""
    assert source.kept is not None
    zeros = {spec.name: np.zeros(spec.sizes, spec.dtype) for spec in source.inputs}
    bindings = [
        source.kept.bound(one, size) for one in bind(source.inputs, session.inputs, permutes)
    ]
    return matching.fed(bindings, open_onnx.cut(zeros, source.kept, size))


def _refused(kept: KeptAxis, size: int, error: Exception) -> EdgeoptError:
    text = " ".join(str(error).split())[:160]
    return cannot(kept, f"at {size} LiteRT says: {text}")

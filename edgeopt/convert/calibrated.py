"""What was found from the calibration samples, kept for the next form that needs the same."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.job import Job
from edgeopt.domain.model import content_id


@contextlib.contextmanager
def file(job: Job, kind: list[Any], suffix: str, measure: Callable[[Path], None]) -> Iterator[Path]:
    """A file of results: an earlier one, or one that `measure` writes now.

    Args:
        kind: what it holds; with the job's cache folder, its identity.
        measure: writes the file at a path. Where the job has no cache, that is scratch.
    """
    with tempfile.TemporaryDirectory(prefix="edgeopt-", dir=job.cache) as scratch:
        path = Path(scratch) / f"new{suffix}"
        if job.cache is None:
            measure(path)
            yield path
            return
        kept = Path(job.cache) / f"{content_id(kind)}{suffix}"
        if not kept.exists():
            measure(path)
            os.replace(path, kept)  # two that find the same: the later one stays
        yield kept


def arrays(
    job: Job, kind: list[Any], measure: Callable[[], dict[int, np.ndarray]]
) -> dict[int, np.ndarray]:
    """Arrays by number: earlier ones, or those that `measure` finds now."""

    def write(path: Path) -> None:
        named: dict[str, Any] = {str(number): one for number, one in measure().items()}
        np.savez(path, **named)

    with file(job, kind, ".npz", write) as path, np.load(path) as found:
        return {int(name): found[name] for name in found.files}

"""A profile of this machine with fp32 alone: for faults that show in reading or converting."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import profile

#: As `Case.target`: the profile lies beside the model.
TARGET = profile.TARGET


def write(folder: Path, *runtimes: str) -> None:
    """Write the profile with a row for each runtime."""
    profile.write(folder, *((runtime, "fp32") for runtime in runtimes))

"""What LiteRT's own `benchmark_model` says of an artifact: means of one process, not our figures.

A type of its own, in a field of its own: it was neither interleaved with a rival nor taken by the
harness, so no verdict and no rank is ever made of it.
"""

from __future__ import annotations

from typing import Any

from edgeopt.domain.model import Value


class MeanLatency(Value, kw_only=True, frozen=True):
    """One process of `benchmark_model`, from its own words. Null has its reason in `why_null`.

    Attributes:
        mean_ms, std_ms, min_ms, max_ms: of `n` inferences in a row, host to host, random inputs.
        median_ms: of versions that print it (since about TensorFlow 2.14).
        first_ms: the first inference. init_ms: until the model is ready. warmup_ms: mean of the
            inferences before any counted.
        memory_bytes: what the process grew by, from its start to the end, as it says itself.
        threads: as asked. cores: it was pinned to; null: to none.
        arguments: what it was started with, but for the model's path.
        program_sha256: of the program.
        thermal_before, thermal_after: Android's thermal status; above 0 the phone held back.
    """

    mean_ms: float
    std_ms: float | None
    min_ms: float | None
    max_ms: float | None
    median_ms: float | None
    n: int
    first_ms: float | None
    init_ms: float | None
    warmup_ms: float | None
    memory_bytes: int | None
    threads: int
    cores: tuple[int, ...] | None
    arguments: tuple[str, ...]
    program_sha256: str
    thermal_before: int | None
    thermal_after: int | None
    why_null: dict[str, str]

    @property
    def hot(self) -> bool:
        """Whether the phone said that it held back before or after."""
        return bool(self.thermal_before or self.thermal_after)


class MeanRow(Value, kw_only=True, frozen=True):
    """One artifact with one thread count: what the program said, or `reason` why nothing.

    Attributes:
        sha256: of the artifact's file.
    """

    path: str
    sha256: str
    threads: int
    benchmark_model: MeanLatency | None
    reason: str = ""


class MeanTable(Value, kw_only=True, frozen=True):
    """Artifacts one after the other. There is no baseline and no verdict.

    Attributes:
        machine: what the phone says of itself, as fields of the runner's `hello`.
    """

    v: int = 1
    device: str
    rows: tuple[MeanRow, ...]
    machine: dict[str, Any]

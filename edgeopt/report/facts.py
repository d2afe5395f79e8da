"""A target's facts as rows, each with its basis and its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from edgeopt.domain.target import Cores, Fact, Profile
from edgeopt.report import format as fmt

_FIGURES = (
    ("L1 data cache", "caches.l1d_kib", "KiB"),
    ("L2 cache", "caches.l2_kib", "KiB"),
    ("L3 cache", "caches.l3_kib", "KiB"),
    ("Memory", "memory.size_gib", "GiB"),
    ("Memory bandwidth", "memory.bandwidth_gb_s", "GB/s"),
    ("Memory copy", "memory.copy_gb_s", "GB/s"),
    ("Peak fp32", "peaks.fp32_gflops", "GFLOP/s"),
    ("Peak fp16", "peaks.fp16_gflops", "GFLOP/s"),
    ("Peak int8", "peaks.int8_gops", "GOP/s"),
    ("Power", "power_w", "W"),
)
_GPU_FIGURES = (
    ("GPU clock", "gpu.clock_ghz", "GHz"),
    ("GPU peak fp16", "gpu.fp16_gflops", "GFLOP/s"),
    ("GPU peak int8", "gpu.int8_gops", "GOP/s"),
)


@dataclass(frozen=True)
class FactRow:
    """One fact. `basis` is "verified", "recalled", "derived" or "" where the profile has none."""

    name: str
    value: str
    basis: str = ""
    source: str = ""


def facts(profile: Profile) -> list[FactRow]:
    """What the profile knows of the target; what it does not know has no row."""
    isa = profile.isa
    made = [FactRow("System", f"{profile.os} on {profile.arch}")]
    if profile.soc:
        made.append(FactRow("Chip", profile.soc))
    made += [_cores(cores) for cores in profile.cores]
    if isa.features:
        made.append(FactRow("Instructions", ", ".join(isa.features), isa.basis, isa.source))
    if isa.absent:
        made.append(FactRow("Not supported", ", ".join(isa.absent), isa.basis, isa.source))
    if profile.memory.kind:
        made.append(FactRow("Memory kind", profile.memory.kind))
    if profile.gpu:
        made.append(FactRow("GPU", profile.gpu.model))
    return [*made, *_figures(profile)]


def _cores(cores: Cores) -> FactRow:
    """Cores of one kind, with their clock where it is known."""
    name = "Cores" if cores.role == "all" else f"Cores, {cores.role}"
    value = f"{cores.count} {fmt.TIMES} {cores.model}"
    clock = cores.clock_ghz
    if clock is None:
        return FactRow(name, value)
    return FactRow(name, f"{value} at {fmt.gigahertz(clock.value)}", clock.basis, clock.source)


def _figures(profile: Profile) -> Iterator[FactRow]:
    """The numbers, those of the GPU last."""
    for name, path, unit in _FIGURES + (_GPU_FIGURES if profile.gpu else ()):
        fact: Fact | None = attrgetter(path)(profile)
        if fact is not None:
            yield FactRow(name, fmt.quantity(fact.value, unit), fact.basis, fact.source)

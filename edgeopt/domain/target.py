"""A target: a kind of hardware, as its profile in `targets/NAME.toml` states it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Precision

Basis = Literal["verified", "recalled", "derived"]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Fact(Value, kw_only=True, frozen=True):
    """A number with its source.

    Attributes:
        basis: "verified" was read in the source; "recalled" is from memory, check it
            before quoting; "derived" was computed, `source` says how.
    """

    value: Positive
    basis: Basis
    source: Text


class Cores(Value, kw_only=True, frozen=True):
    """Cores of one kind. `model` is the microarchitecture ("cortex-a76")."""

    model: Text
    count: Annotated[int, msgspec.Meta(ge=1)]
    role: Literal["all", "big", "middle", "little"] = "all"
    clock_ghz: Fact | None = None


class Memory(Value, kw_only=True, frozen=True):
    """Main memory. Bandwidths in GB/s (1e9 bytes), size in GiB."""

    kind: str = ""
    size_gib: Fact | None = None
    bandwidth_gb_s: Fact | None = None
    copy_gb_s: Fact | None = None


class Caches(Value, kw_only=True, frozen=True):
    """Cache sizes in KiB, of one core unless the source says shared."""

    l1d_kib: Fact | None = None
    l2_kib: Fact | None = None
    l3_kib: Fact | None = None


class Gpu(Value, kw_only=True, frozen=True):
    """A graphics processor that can run models."""

    model: Text
    clock_ghz: Fact | None = None
    fp16_gflops: Fact | None = None
    int8_gops: Fact | None = None


class Peaks(Value, kw_only=True, frozen=True):
    """Arithmetic peaks, an upper shape only: never a bound to hold a measurement to."""

    fp32_gflops: Fact | None = None
    fp16_gflops: Fact | None = None
    int8_gops: Fact | None = None


class Isa(Value, kw_only=True, frozen=True):
    """Instruction set.

    Attributes:
        features: flags as the kernel prints them in /proc/cpuinfo (asimddp, avx_vnni).
        absent: flags that matter for recipes and that this hardware lacks.
    """

    features: tuple[str, ...]
    absent: tuple[str, ...]
    basis: Basis
    source: Text


class Match(Value, kw_only=True, frozen=True):
    """How a machine is recognised as being of this target. Every condition given must hold.

    Attributes:
        features: flags all present. absent: flags none present.
        cpu_model, board: regular expressions searched in the machine's own words.
    """

    features: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    cpu_model: str | None = None
    board: str | None = None


class RecipeRule(Value, kw_only=True, frozen=True):
    """A recipe worth trying here.

    Attributes:
        needs_any: flags of which the device must have one; empty: none needed.
        why: why it is worth trying here.
        otherwise: the reason given where `needs_any` is not met.
        options: runtime options that make the recipe what it is.
    """

    runtime: Text
    precision: Precision
    why: Text
    needs_any: tuple[str, ...] = ()
    otherwise: str = ""
    options: dict[str, str | int] = msgspec.field(default_factory=dict)


class LeftOutRule(Value, kw_only=True, frozen=True):
    """A recipe that is not worth trying here, and why."""

    runtime: Text
    precision: Precision
    reason: Text


class Profile(Value, kw_only=True, frozen=True):
    """One target.

    Attributes:
        link: how a device of this kind is reached; "none": not by edgeopt.
        arch: as `platform.machine()` prints it.
        os: what runs there.
        threads: thread counts worth trying; 0 stands for "all big cores".
        recipes: in the order in which they are expected to be good.
        channel_multiple: what the kernels like channel counts to be rounded to.
        notes: traps: things to know before measuring.
    """

    name: Name
    title: Text
    summary: Text
    arch: Literal["aarch64", "x86_64"]
    os: Literal["linux", "android", "ios"]
    link: Literal["local", "ssh", "adb", "none"]
    soc: str = ""
    cores: tuple[Cores, ...]
    isa: Isa
    caches: Caches = Caches()
    memory: Memory = Memory()
    peaks: Peaks = Peaks()
    gpu: Gpu | None = None
    power_w: Fact | None = None
    channel_multiple: Annotated[int, msgspec.Meta(ge=1)] = 8
    threads: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(min_length=1)]
    match: Match | None = None
    recipes: tuple[RecipeRule, ...]
    left_out: tuple[LeftOutRule, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def big_cores(self) -> int:
        """Cores that are worth putting a thread on: all that are not little."""
        return sum(c.count for c in self.cores if c.role != "little")

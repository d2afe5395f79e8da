"""What a device can do at most: multiply-adds by arithmetic, and bytes moved by level of memory.

Measured on it, with one number of threads; a figure of another machine is never taken in its place.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edgeopt.domain.finding import Finding
from edgeopt.domain.model import Value

ROOF_VERSION = 1

Arithmetic = Literal["fp32", "fp16", "bf16", "int8"]
ARITHMETICS: tuple[Arithmetic, ...] = ("fp32", "fp16", "bf16", "int8")
KernelKind = Literal["convolution", "product"]


class Peak(Value, kw_only=True, frozen=True):
    """The best run of a network of one kind of large layers in one runtime.

    Attributes:
        arithmetic: what ran, as the session told; not what was asked for.
        kernel: pointwise "convolution"s, or matrix "product"s.
    """

    arithmetic: Arithmetic
    runtime: str
    version: str
    kernel: KernelKind
    multiply_adds_per_s: float


class Level(Value, kw_only=True, frozen=True):
    """A cache, or memory.

    Attributes:
        name: "L1" ... or "memory".
        bytes: what the caches that these threads can have hold together; null of memory.
        read_bytes_per_s, copy_bytes_per_s: of all threads; what is copied counts twice.
    """

    name: str
    bytes: int | None
    read_bytes_per_s: float
    copy_bytes_per_s: float

    @property
    def bytes_per_s(self) -> float:
        """The faster of both."""
        return max(self.read_bytes_per_s, self.copy_bytes_per_s)


class Roof(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        device: its name.
        machine: what it says of itself and its state, as far as a peak depends on it.
        asked: runtime -> its version, of those that were asked for their peaks.
        levels: the nearest first.
        why_null: runtime, level or "caches" -> why there is no figure of it.
        measured: the day.
        findings: warnings and failed checks of the machine when its figures were taken.
    """

    v: int = ROOF_VERSION
    device: str
    machine: dict[str, Any]
    threads: int
    asked: dict[str, str]
    peaks: tuple[Peak, ...] = ()
    levels: tuple[Level, ...] = ()
    why_null: dict[str, str] = msgspec.field(default_factory=dict)
    measured: str
    findings: tuple[Finding, ...] = ()

    def peak(self, arithmetic: str) -> Peak | None:
        """The fastest kernel of any runtime in an arithmetic; None where none was measured."""
        those = [peak for peak in self.peaks if peak.arithmetic == arithmetic]
        return max(those, key=lambda peak: peak.multiply_adds_per_s, default=None)

    def level(self, size: float) -> Level | None:
        """The nearest level that holds so many bytes; None where memory was not measured."""
        for level in self.levels:
            if level.bytes is None or size <= level.bytes:
                return level
        return None

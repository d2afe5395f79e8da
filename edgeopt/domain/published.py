"""Latencies that others have published, and what is predicted from them. No measurements."""

from __future__ import annotations

import re

from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Precision

#: Labels of precision in tables -> the precision of a recipe; any other label is none of them.
#: benchncnn computes in fp16 by default where the core can (benchncnn.cpp), whatever it prints.
_LABELS: dict[str, Precision] = {
    "fp32": "fp32",
    "int8": "int8-static",
    "int8 (per-channel)": "int8-static",
    "fp16": "fp16",
    "fp16 (fp16 arithmetic auto-enabled on ARMv8.2)": "fp16",
}

#: Words of a model's name that do not tell what it is.
_IDLE = {"pytorch", "tf", "224", "1.0", "onnx"}


class Published(Value, kw_only=True, frozen=True):
    """One latency from somebody's table, as it stands there.

    Attributes:
        target: the profile whose hardware it was taken on; "" where none is shipped.
        unit: what ran it ("CPU", "GPU(Vulkan)"). threads: a number, or "all".
        statistic: what the figure is ("mean", "sync-mode latency"); they differ by source.
        latency_min_ms: the least, where the source has it.
        source, source_ref: the page, and its version that was read.
    """

    target: str
    model: str
    input: str
    device: str
    soc: str
    unit: str
    threads: str
    precision: str
    runtime: str
    runtime_version: str
    statistic: str
    latency_ms: float
    latency_min_ms: float | None
    source: str
    source_ref: str
    notes: str

    @property
    def as_precision(self) -> Precision | None:
        """The precision of a recipe that this figure is for, or None."""
        return _LABELS.get(self.precision)

    @property
    def cited(self) -> str:
        """The source with its version."""
        return f"{self.source} @{self.source_ref}"


class Predicted(Value, kw_only=True, frozen=True):
    """A latency that nobody has measured. It is shown apart, and orders candidates at most.

    Attributes:
        p50_ms: the estimate; low_ms, high_ms: where it is expected to be.
        basis: how it was got, in words. n: published figures or models that it rests on.
    """

    p50_ms: float
    low_ms: float
    high_ms: float
    basis: str
    n: int
    sources: tuple[str, ...]


def model_key(name: str) -> str:
    """What a model is called without what does not matter: "mobilenet_v2_1.0" -> "mobilenetv2"."""
    words = re.findall(r"[a-z]+|\d+(?:\.\d+)?", name.lower())
    key = "".join(word for word in words if word not in _IDLE)
    return "mobilenetv1" if key == "mobilenet" else key

"""How a run on this machine chooses a runtime's integers."""

from __future__ import annotations

from edgeopt import convert
from edgeopt.domain.recipe import Quantization
from edgeopt.runner import sensors
from edgeopt.search import overflow
from edgeopt.sources.source import Source


def usual_here(runtime: str, precision: str, source: Source | None = None) -> Quantization | None:
    """With 7 bits for a weight where this processor's sums overflow; None: it has no integers."""
    return overflow.usual(convert.load(runtime), precision, sensors.features(), source)

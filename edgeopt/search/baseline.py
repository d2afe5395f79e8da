"""What the latencies of a run are compared with: a pure function of records."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt import runtimes
from edgeopt.domain.record import Record
from edgeopt.search.find import is_plain


def baseline_of(records: Sequence[Record], own_runtime: str) -> str | None:
    """The fp32 that the run is compared with: ONNX Runtime's where there is one, at its best.

    A source whose file is quantized has none: there it is the file itself, in its own runtime
    where that was timed.

    Args:
        own_runtime: the one that answers for the source.
    """
    timed = [r for r in records if r.latency_ms and is_plain(r)]
    floats = [r for r in timed if r.precision == "fp32"]
    candidates = sorted(runtimes.specs(), key=lambda spec: spec.baseline)
    order = tuple(spec.name for spec in candidates if spec.baseline)
    if not floats:
        floats = [r for r in timed if r.precision == "as-is"]
        order = (own_runtime, *order)
    for runtime in order:
        own = [r for r in floats if r.runtime == runtime]
        if own:
            best = min(own, key=lambda r: r.latency_ms.p50 if r.latency_ms else 0.0)
            return best.recipe_id
    return None

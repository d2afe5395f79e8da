"""Other ways to choose integers and numbers of threads to try: pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from edgeopt.domain.recipe import Quantization
from edgeopt.domain.record import Record
from edgeopt.search import providers


def alternatives(first: Quantization) -> tuple[Quantization, ...]:
    """What to try where a library's usual static integers lose too much.

    All of them run in the same kernels, so that none costs time where it runs.
    """
    changes: dict[str, list[dict[str, object]]] = {
        "ai-edge-quantizer": [{"bias_correction": "fast"}],
        # Percentiles took 13 times as long as extremes on EfficientNet-Lite0 and gave 0.1 dB.
        "onnxruntime": [{"bias_correction": "fast"}],
        "tensorflow": [
            {"library": "ai-edge-quantizer"},
            {"library": "ai-edge-quantizer", "bias_correction": "fast"},
        ],
        # EfficientNet-Lite0: 2.1 dB by 8 bits in the first layer, 0.3 dB by free zero points.
        "nncf": [
            {"overflow_fix": False},
            {"overflow_fix": False, "activations": "asymmetric"},
            {"calibration": "mean-min-max", "overflow_fix": False},
        ],
    }
    found = [msgspec.structs.replace(first, **one) for one in changes.get(first.library, [])]
    return tuple(one for one in found if one != first)


def thread_counts(records: Iterable[Record], form: Record) -> list[int]:
    """Numbers of threads that a form's runtime was tried with on its processor, most first."""
    assert form.recipe is not None
    place = (form.runtime, providers.of(form.recipe))
    tried = [record.recipe for record in records if record.recipe is not None]
    return sorted({r.threads for r in tried if (r.runtime, providers.of(r)) == place}, reverse=True)

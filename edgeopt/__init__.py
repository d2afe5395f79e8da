"""edgeopt finds the version of a model to ship on a phone, a Raspberry Pi, an Intel box or an
NVIDIA board, and shows by measurement that this is the one.

    import edgeopt
    run = edgeopt.optimize(model, target="intel-cpu", data="eval.npz", max_drop=0.01)
    print(run.chosen)

The names here load their rooms on first use: the package is also what runs on a board,
with numpy alone.
"""

from __future__ import annotations

import typing

__version__ = "0.1.0"

__all__ = [
    "Result",
    "Run",
    "__version__",
    "compare",
    "compare_models",
    "evaluate",
    "explain",
    "measure",
    "measure_load_time",
    "measure_open_loop",
    "measure_sustained",
    "measure_throughput",
    "optimize",
    "read_results",
    "read_run",
    "ship",
    "tune",
]

_PLACES = {
    name: "edgeopt.api_measure" if name.startswith("measure") else "edgeopt.api"
    for name in __all__
    if name[0].islower()
} | {
    "Run": "edgeopt.domain.run",
    **dict.fromkeys(("Result", "read_results", "read_run"), "edgeopt.api_result"),
    "evaluate": "edgeopt.api_tune",
    "tune": "edgeopt.api_tune",
}


def __getattr__(name: str) -> typing.Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'edgeopt' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PLACES[name]), name)

"""ON THE HOST. One file per runtime, the same names as in `edgeopt/runtimes`.

Each has one `CONVERTER`, of a class that says what `converter.Converter` asks. Its head imports
nothing heavy: the space of recipes is known before torch is.
"""

from __future__ import annotations

import importlib

from edgeopt import runtimes
from edgeopt.convert.converter import Converter

#: The runtimes that there is a converter to.
CONVERTERS = tuple(one.name for one in runtimes.specs() if one.precisions)


def load(runtime: str) -> Converter:
    """The converter to a runtime. Raises KeyError where it has none."""
    if runtime not in CONVERTERS:
        raise KeyError(runtime)
    found: Converter = importlib.import_module(f"{__name__}.{runtime}").CONVERTER
    return found


def find(runtime: str) -> Converter | None:
    """The converter to a runtime, None where it has none."""
    return load(runtime) if runtime in CONVERTERS else None

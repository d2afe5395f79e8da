"""ON THE HOST. One file per runtime, the same names as in `edgeopt/runtimes`.

Each module has

    PRECISIONS                      recipe precision -> packages that making it needs
    FROM_TORCH                      what it needs besides for a source of PyTorch's; optional
    EXTRA                           the extra of edgeopt that installs them
    recipe(precision, source) -> Quantization | None    how this runtime's integers are chosen;
                                    source None: one that is of no special kind
    unsuitable(precision, source) -> str        why a source gains nothing, or ""
    base(precision) -> str | None   the precision this one is made from
    arithmetic(precision) -> dict   options of a session without which it may compute in another
                                    precision than the name says; optional
    OPTION_SETS                     settings of its sessions that are worth a try; optional
    PROVIDER_RULES                  recipes for what else than the processor computes; optional
    convert(job) -> Made            runs in a child process
    ways(job)                       what it can leave out of a job where its library fails, as
                                    `job.relaxation` says; optional (see `fallbacks.py`)
    operators(job)                  those that may stay in float then; with `ways`
    forms(job)                      runs in a child process: the forms of int8-static that differ
                                    in what stays in float (see `forms.py`), as a context

Its head imports nothing heavy: the space of recipes is known before torch is.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from edgeopt.sources.source import Source


def load(runtime: str) -> ModuleType:
    """The converter of a runtime. Raises KeyError where it has none."""
    if runtime not in CONVERTERS:
        raise KeyError(runtime)
    return importlib.import_module(CONVERTERS[runtime])


def packages(runtime: str, precision: str, source: Source) -> tuple[str, ...]:
    """Distributions that making a precision from a source needs."""
    converter = load(runtime)
    besides = getattr(converter, "FROM_TORCH", ()) if source.exported else ()
    return (*converter.PRECISIONS[precision], *besides)


def arithmetic(runtime: str, precision: str) -> dict[str, str | int]:
    """Options of a session that make a precision's name true; a profile may say others."""
    fixed = getattr(load(runtime), "arithmetic", None)
    return dict(fixed(precision)) if fixed else {}


#: The table of converters: runtime -> module.
CONVERTERS = {
    "onnxruntime": "edgeopt.convert.onnxruntime",
    "openvino": "edgeopt.convert.openvino",
    "litert": "edgeopt.convert.litert",
    "executorch": "edgeopt.convert.executorch",
    "ncnn": "edgeopt.convert.ncnn",
    "coreml": "edgeopt.convert.coreml",
    "tensorrt": "edgeopt.convert.tensorrt",
    "onnxruntime_cuda": "edgeopt.convert.onnxruntime_cuda",
    "onnxruntime_tensorrt": "edgeopt.convert.onnxruntime_tensorrt",
}

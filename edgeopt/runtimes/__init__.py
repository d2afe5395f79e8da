"""ON THE DEVICE. One file per runtime: open a model, run it, say what ran.

Standard library, numpy and that runtime only, Python 3.9 or later: these files are
sent to a board. Each module has

    SPEC                what is known of it, a `spec.RuntimeSpec`
    version() -> str    raises ImportError where the runtime is missing
    ahead() -> None     imports what opening a file needs, before anything is forked; only where
                        that is more than `version` imports
    providers() -> list the values of `SPEC.provider_option`, beside "CPU", that this machine and
                        package have; only where it has that option
    open_session(path, threads, options) -> Session

A session has `inputs` and `outputs` (lists of {"name", "dtype", "shape"}, and "scale",
"zero_point" where the tensor is quantized; an output's shape is None where only a run tells how
many axes it has), `run(arrays) -> arrays` whose results do not
alias the runtime's buffers, `facts() -> dict`, `profile(arrays_list, runs) -> dict` (what
`profiling.take` returns: where the time of an inference goes, from a second session with the
runtime's profiler on; ValueError where it has none) and `close()`. Where a runtime reads a
model and compiles it in two steps, `stages` has both: {"load_ns", "compile_ns", "why_null": {}}.

Facts are `operators` (type -> count), `precisions` of the operators that compute (name ->
count), `total` operators and how many of them are `delegated`: run where they are meant to
(LiteRT: in XNNPACK; ONNX Runtime: by the provider that was asked for; OpenVINO: in a kernel
that is no reference one), `providers`, `options`, and `why_null` where one is missing. A runtime
that chooses the arithmetic of floats by an option says what the option asks and what it chose
(`float_asked`, `float_ran`: "fp32", "fp16", "bf16" or None).
"""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from edgeopt.runtimes.spec import RuntimeSpec

#: Name -> module, in the order of every list. A new runtime is a name here, a file beside this
#: one, and a file of the same name in `edgeopt/convert`. All else is in its `SPEC`.
RUNTIMES = {
    name: f"{__name__}.{name}"
    for name in (
        "onnxruntime",
        "openvino",
        "litert",
        "executorch",
        "ncnn",
        "mnn",
        "coreml",
        "torch",
        "tensorflow",
        "sklearn",
        "tensorrt",
        "onnxruntime_cuda",
        "onnxruntime_tensorrt",
    )
}


def load(name: str) -> ModuleType:
    """The module of a runtime. Raises KeyError for a name that is not in the table."""
    return importlib.import_module(RUNTIMES[name])


@functools.lru_cache(maxsize=None)
def spec(name: str) -> RuntimeSpec:
    """What is known of a runtime. Raises KeyError for a name that is not in the table."""
    known: RuntimeSpec = load(name).SPEC
    return known


@functools.lru_cache(maxsize=None)
def specs() -> tuple[RuntimeSpec, ...]:
    """All of them; their files are imported, and no runtime."""
    return tuple(spec(name) for name in RUNTIMES)


def suffixes() -> dict[str, str]:
    """File suffix -> the runtime that opens it."""
    return {suffix: one.name for one in specs() for suffix in one.suffixes}

"""ON THE DEVICE. One file per runtime: open a model, run it, say what ran.

Standard library, numpy and that runtime only, Python 3.9 or later: these files are
sent to a board. Each module has

    PACKAGES            what to install, first choice first
    NEEDS               packages that those import and do not install; absent where there are none
    version() -> str    raises ImportError where the runtime is missing
    PROVIDER_OPTION     the option that says what computes, "CPU" unless it is given; absent where
                        there is no other
    providers() -> list the values of that option, beside "CPU", that this machine and package have
    UNTHREADED          those of them that take no number of threads; absent where there are none
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

import importlib
from types import ModuleType

#: The table of runtimes: name -> module. A new runtime is a row here, a file beside
#: this one, and a file of the same name in `edgeopt/convert`.
RUNTIMES = {
    "onnxruntime": "edgeopt.runtimes.onnxruntime",
    "openvino": "edgeopt.runtimes.openvino",
    "litert": "edgeopt.runtimes.litert",
    "executorch": "edgeopt.runtimes.executorch",
    "ncnn": "edgeopt.runtimes.ncnn",
    "coreml": "edgeopt.runtimes.coreml",
    "torch": "edgeopt.runtimes.torch",
    "tensorflow": "edgeopt.runtimes.tensorflow",
    "sklearn": "edgeopt.runtimes.sklearn",
    "tensorrt": "edgeopt.runtimes.tensorrt",
    "onnxruntime_cuda": "edgeopt.runtimes.onnxruntime_cuda",
    "onnxruntime_tensorrt": "edgeopt.runtimes.onnxruntime_tensorrt",
}

#: Those that only answer for a source: they open what its preparation wrote, no user's file.
REFERENCES = ("tensorflow", "sklearn")

#: Those whose files are programs: opening one runs what is in it. A run makes none of theirs, and
#: only what edgeopt's own preparation wrote, or the user trusts, is opened. All others open data.
PROGRAMS = (*REFERENCES, "torch")

#: Those that no machine runs that edgeopt reaches -> (why, what to do). Their artifacts are made
#: and read back, and neither scored nor timed.
ELSEWHERE = {
    "coreml": (
        "Core ML runs on Apple machines only, so it is converted and neither scored nor timed",
        "Score and time it on a Mac or a phone before it ships: coremltools predicts there, and "
        "Xcode measures.",
    ),
}
#: Those of a GPU, which open files that another runtime answers for where there is none: by
#: the same numbers, so it can check and score them; never by its times.
STAND_INS = dict.fromkeys(("tensorrt", "onnxruntime_cuda", "onnxruntime_tensorrt"), "onnxruntime")

#: File suffix -> the runtime that opens it.
SUFFIXES = {
    ".onnx": "onnxruntime",
    ".xml": "openvino",
    ".tflite": "litert",
    ".pte": "executorch",
    ".param": "ncnn",
    ".mlpackage": "coreml",
    ".pt2": "torch",
}


def load(name: str) -> ModuleType:
    """The module of a runtime. Raises KeyError for a name that is not in the table."""
    return importlib.import_module(RUNTIMES[name])

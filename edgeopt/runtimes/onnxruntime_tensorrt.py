"""ONNX Runtime on an NVIDIA GPU by its TensorRT provider: opens .onnx files."""

from __future__ import annotations

from edgeopt.runtimes import onnxruntime as cpu
from edgeopt.runtimes.spec import RuntimeSpec
from edgeopt.runtimes.tensorrt import engines

SPEC = RuntimeSpec(
    name="onnxruntime_tensorrt",
    packages=("onnxruntime-gpu",),
    modules=("onnxruntime",),
    precisions=("fp32", "fp16", "int8-static"),
    stand_in="onnxruntime",
)

PROVIDER = "TensorrtExecutionProvider"

#: Option -> the provider's own: what its builder may use besides fp32.
_ALLOWED = {"half": "trt_fp16_enable", "int8": "trt_int8_enable"}


def version() -> str:
    """Raises ImportError where ONNX Runtime has no such provider."""
    return cpu.version_with(PROVIDER)


def open_session(path: str, threads: int, options: dict) -> cpu.Session:
    """Open a model; its engine is built when it is first opened, and kept in the user's cache.

    Args:
        options: those of `runtimes/onnxruntime.py`; `half`, `int8` = 0 | 1: the builder may
            use kernels of these types, which a file of them needs.

    Raises:
        ValueError: an unknown option, or a value that it does not have.
    """
    for name in _ALLOWED:
        if options.get(name, 0) not in (0, 1):
            raise ValueError(f"unknown {name} {options[name]!r}; known: 0, 1")
    provider = {own: str(options.get(name, 0)) for name, own in _ALLOWED.items()}
    for kept in ("engine", "timing"):
        provider[f"trt_{kept}_cache_enable"] = "1"
        provider[f"trt_{kept}_cache_path"] = engines()
    others = {name: value for name, value in options.items() if name not in _ALLOWED}
    return cpu.Session(path, threads, others, PROVIDER, provider)

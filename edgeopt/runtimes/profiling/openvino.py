"""OpenVINO's performance counters, by primitive of the executed graph.

What `profiling_info` calls `real_time` is the mean over all inferences since the model was
compiled, in whole microseconds (seen with 2026.4: the mean times their number grows by the wall
time of each inference). So the time of one inference is a difference of sums. Rounding makes it
wrong by as many microseconds as there were inferences, up or down alike: a mean over many is
right again.
"""

from __future__ import annotations

from edgeopt.runtimes.profiling import PRECISIONS

HOW = "OpenVINO's performance counters"

#: Nodes of the executed graph that are no work.
IDLE = ("Input", "Parameter", "Const", "Constant", "Output", "Result")


class Profiled:
    """A session with counters on.

    Args:
        compiled: a model compiled with PERF_COUNT.
    """

    def __init__(self, compiled) -> None:
        self._request = compiled.create_infer_request()
        self._nodes = {
            node.get_friendly_name(): node.get_rt_info()
            for node in compiled.get_runtime_model().get_ops()
        }
        self._dynamic = quantizes(compiled)
        self._operators: dict = {}
        self._sums: dict = {}
        self._rows: list = []

    def run(self, arrays: list) -> None:
        self._request.infer(arrays, share_inputs=True)

    def keep(self) -> None:
        """Read the counters after an inference."""
        number, row = len(self._rows) + 1, {}
        for info in self._request.profiling_info:
            if "EXECUTED" not in str(info.status):  # fused into another, or nothing to do
                continue
            name = info.node_name
            so_far = number * round(info.real_time.total_seconds() * 1e6)
            row[name] = 1000 * (so_far - self._sums.get(name, 0))
            self._sums[name] = so_far
            if name not in self._operators:
                self._operators[name] = _about(info, self._nodes.get(name), self._dynamic)
        self._rows.append(row)

    def finish(self) -> tuple:
        return self._operators, self._rows


def quantizes(compiled) -> bool:
    """Whether activations of compressed products are quantized at run time."""
    key = "DYNAMIC_QUANTIZATION_GROUP_SIZE"
    known = key in compiled.get_property("SUPPORTED_PROPERTIES")  # not every device has it
    return not known or str(compiled.get_property(key)) != "0"


def _about(info, node, dynamic: bool) -> dict:
    kernel = str(info.exec_type)
    return {
        "name": info.node_name,
        "type": text(node, "layerType") or info.node_type,
        "precision": arithmetic(node, dynamic) or _precision(kernel.rsplit("_", 1)[-1]),
        "output": _precision(text(node, "outputPrecisions").partition(",")[0]),
        "detail": kernel,
        "layers": [name for name in text(node, "originalLayersNames").split(",") if name],
        "fallback": is_reference(kernel),
    }


def arithmetic(info, dynamic: bool):
    """What a node computes in; None where OpenVINO does not say.

    A product with compressed weights names their type ("u8", "f16"), and its kernel the float that
    it widens them to ("brgemm_avx512_f32"): that is what it computes in, unless activations are
    quantized at run time.
    """
    named = _precision(text(info, "runtimePrecision"))
    kernel = PRECISIONS.get(text(info, "primitiveType").rsplit("_", 1)[-1].lower())
    widened = kernel in ("fp32", "fp16", "bf16") and not (named == "int8" and dynamic)
    return kernel if widened else named


def is_reference(kernel: str) -> bool:
    """Whether a kernel ("ref_any_f32", "jit_avx512_I8") is a plain reference one."""
    return "ref" in kernel.lower().split("_")


def text(info, key: str) -> str:
    """A field of a node's runtime information, "" where there is none."""
    if info is None or key not in info:
        return ""
    value = info[key]
    return str(getattr(value, "value", value))


def _precision(word: str):
    return PRECISIONS.get(word.lower(), word.lower() or None)

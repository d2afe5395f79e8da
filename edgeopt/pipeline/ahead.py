"""What converters and the source will import, known before the model is: imported while it is read.

NNCF and PyTorch take two seconds to import, and an ONNX model of a few layers less than that to
read, to prepare and to be asked. Of a module of PyTorch its exporter and LiteRT's converter take
ten. One core is idle meanwhile.
"""

from __future__ import annotations

import contextlib

from edgeopt import convert, runtimes, targets
from edgeopt.devices.device import Device, forks_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.pipeline.call import Call
from edgeopt.runner import sensors
from edgeopt.runtimes import exported
from edgeopt.sources.formats import FORMATS, SUFFIXES
from edgeopt.store import out

#: Distribution -> what a process begins with that needs it. Others start threads, or are cheap.
_MODULES = {
    "nncf": "nncf",
    "torch": "torch",
    "openvino": "openvino",
    "onnx": "onnx",
    "ai-edge-quantizer": "ai_edge_quantizer",
    "litert-torch": "litert_torch",
}

#: The same of a module of PyTorch, whatever is made of it: it is read, and exported to ONNX.
_OF_TORCH = (
    "torch",
    exported.READER,
    "onnxscript",
    "torch.onnx._internal.exporter._core",
    "onnxslim",
)


def modules(call: Call) -> tuple[str, ...]:
    """The modules that the conversions of a call begin with; () where nothing is gained."""
    if sensors.cores() < 2 or out.is_begun(call.out):
        return ()
    found: list[str] = []
    for name in call.targets:
        with contextlib.suppress(EdgeoptError):  # told when it is read in its turn
            found += (_MODULES[one] for one in _needed(call, name) if one in _MODULES)
    if not found:
        return ()
    first = _OF_TORCH if _is_of_torch(call) else ()
    return tuple(dict.fromkeys(["edgeopt.convert.worker", *first, *found]))


def begin_source(device: Device, source_format: str) -> None:
    """Import what the source is asked in, if that is PyTorch, beside what prepares it."""
    forks = forks_of(device)
    if forks and sensors.cores() > 1 and FORMATS[source_format].torch:
        forks.begin(["torch"])


def _is_of_torch(call: Call) -> bool:
    """As its name says: what it is is found out later."""
    named = SUFFIXES.get(call.model.suffix.lower())
    return named is not None and FORMATS[named].torch


def _needed(call: Call, target: str) -> list[str]:
    """The distributions that the recipes of a target need, as far as the space has them."""
    asked = call.constraints.space
    needed: list[str] = []
    for rule in targets.load(target).recipes:
        converter = convert.find(rule.runtime)
        if converter is None or (asked and asked.excludes(rule.runtime, rule.precision)):
            continue
        needed += runtimes.spec(rule.runtime).packages[:1]
        needed += converter.needs(rule.precision)
        needed += converter.from_torch if _is_of_torch(call) else ()
    return needed

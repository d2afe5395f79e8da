"""Where sums of 8-bit products overflow, and which weights avoid that: pure functions.

x86 without 8-bit dot products multiplies with VPMADDUBSW, which adds two products of an unsigned
and a signed byte in 16 bits: 255 * 127 * 2 is beyond their end, and stays at it. 255 * 64 * 2 is
not. (Intel, "Lower Numerical Precision Deep Learning Inference and Training", 2018; ONNX Runtime,
"Quantize ONNX Models", `reduce_range`.)
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization
from edgeopt.search.makers import Maker
from edgeopt.sources.source import Source

#: Runtimes whose kernels do so on such a processor. TensorRT's files are made by the same library.
RUNTIMES = ("onnxruntime", "openvino")

_PAIRS_IN_16_BITS = {"ssse3", "avx2"}
_DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8", "avx10_1"}


def overflows(features: Collection[str]) -> bool:
    """Whether a processor of these flags (of /proc/cpuinfo) adds pairs of products in 16 bits."""
    known = set(features)
    return bool(known & _PAIRS_IN_16_BITS) and not known & _DOT_PRODUCTS


def avoided(how: Quantization, precision: str) -> Quantization:
    """The same with 7 bits for each weight, where its library can do that."""
    return msgspec.structs.replace(how, **QUANTIZERS[how.library].seven_bits.get(precision, {}))


def usual(
    maker: Maker, precision: str, features: Collection[str], source: Source | None = None
) -> Quantization | None:
    """How a maker's integers are chosen for a processor of these flags; None: it has none."""
    how = maker.quantization(precision, source)
    if how is None or maker.runtime not in RUNTIMES or not overflows(features):
        return how
    return avoided(how, precision)

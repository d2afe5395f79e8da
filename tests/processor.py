"""The flags of this processor, as far as a stand-in for a smaller one leaves them.

`ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 make test` is the suite on a processor without half-precision
arithmetic: OpenVINO keeps to it. (Below AVX512_CORE OpenVINO itself and its kernels disagree about
bf16 hints, which then fail; f32 is right.)
"""

from __future__ import annotations

import os

import pytest

from edgeopt.runner import sensors
from edgeopt.search import overflow

#: oneDNN's levels, the highest first, each with the flags that it has and those below have not.
_LEVELS = (
    ("AVX512_CORE_AMX", ("amx_tile", "amx_int8", "amx_bf16")),
    ("AVX512_CORE_FP16", ("avx512_fp16",)),
    ("AVX512_CORE_BF16", ("avx512_bf16",)),
    ("AVX512_CORE_VNNI", ("avx512_vnni",)),
    ("AVX512_CORE", ("avx512f", "avx512bw", "avx512vl", "avx512dq")),
    ("AVX2_VNNI", ("avx_vnni",)),
    ("AVX2", ("avx2", "fma")),
)
STAND_IN = "ONEDNN_MAX_CPU_ISA"


def flags() -> frozenset[str]:
    """What /proc/cpuinfo lists, without what is above the stand-in's level."""
    found = set(sensors.features())
    limit = os.environ.get(STAND_IN, "").upper()
    for level, own in _LEVELS if limit in dict(_LEVELS) else ():
        if level == limit:
            break
        found -= set(own)
    return frozenset(found)


def needs_any(*wanted: str) -> None:
    """Skip a test on a processor that has none of some flags; by their names."""
    if wanted and not flags() & set(wanted):
        pytest.skip(f"this processor has none of: {', '.join(wanted)}")


#: A file that somebody else quantized to 8 bits overflows here.
OVERFLOWS = overflow.overflows(flags())

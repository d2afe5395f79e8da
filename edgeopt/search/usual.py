"""What is usual, out of recorded grids: how fast a form is, and what making it takes.

Small networks on an x86-64 processor with AVX-512 and AMX. It orders what is tried, and stands for
nothing that is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Family = Literal["convolutions", "other"]
Pair = tuple[str, str]


class Share(NamedTuple):
    """A time as a share of the fp32's of its runtime, log-normal.

    Attributes:
        median: of 1. spread: standard deviation of its natural logarithm.
    """

    median: float
    spread: float


@dataclass(frozen=True)
class Table:
    """What is usual.

    Attributes:
        shares: by what a model computes most, and by precision.
        own: the same by runtime and precision: a precision is other arithmetic in another runtime.
        paces: the time of each runtime's fp32, as a share of the baseline's fp32.
        seconds: by runtime and precision, to make and score one form of a small network. Only how
            they stand to each other counts, once something was made.
    """

    shares: Mapping[Family, Mapping[str, Share]]
    seconds: Mapping[Pair, float]
    own: Mapping[Family, Mapping[Pair, Share]] = field(default_factory=dict)
    paces: Mapping[Family, Mapping[str, Share]] = field(default_factory=dict)


#: `python -m benchmarks.search.within table`, of all of `benchmarks/search/within_grids`.
TABLE = Table(
    shares={
        "convolutions": {
            "bf16": Share(1.93, 0.28),
            "fp16": Share(1.48, 0.41),
            "int8-dynamic": Share(0.9, 0.83),
            "int8-static": Share(0.51, 0.47),
            "int8-weights": Share(1.07, 0.2),
        },
        "other": {
            "bf16": Share(0.86, 0.66),
            "fp16": Share(0.97, 0.52),
            "int8-dynamic": Share(0.37, 0.9),
            "int8-static": Share(1.68, 0.45),
            "int8-weights": Share(1.0, 0.48),
        },
    },
    seconds={
        ("litert", "fp16"): 3.7,
        ("litert", "fp32"): 11.3,
        ("litert", "int8-dynamic"): 3.7,
        ("litert", "int8-static"): 21.0,
        ("litert", "int8-weights"): 3.8,
        ("mnn", "fp32"): 13.9,
        ("mnn", "int8-static"): 23.4,
        ("mnn", "int8-weights"): 10.4,
        ("onnxruntime", "fp32"): 3.1,
        ("onnxruntime", "int8-dynamic"): 2.7,
        ("onnxruntime", "int8-static"): 6.4,
        ("onnxruntime", "int8-weights"): 9.3,
        ("openvino", "bf16"): 5.3,
        ("openvino", "fp16"): 3.6,
        ("openvino", "fp32"): 4.4,
        ("openvino", "int8-dynamic"): 11.8,
        ("openvino", "int8-static"): 18.3,
        ("openvino", "int8-weights"): 11.4,
    },
    own={
        "convolutions": {
            ("litert", "fp16"): Share(1.1, 0.25),
            ("litert", "int8-dynamic"): Share(0.71, 0.99),
            ("litert", "int8-static"): Share(0.36, 0.31),
            ("litert", "int8-weights"): Share(1.07, 0.27),
            ("mnn", "int8-static"): Share(0.79, 0.29),
            ("mnn", "int8-weights"): Share(1.02, 0.25),
            ("onnxruntime", "int8-static"): Share(0.51, 0.37),
            ("onnxruntime", "int8-weights"): Share(1.08, 0.27),
            ("openvino", "bf16"): Share(1.93, 0.28),
            ("openvino", "fp16"): Share(1.99, 0.28),
            ("openvino", "int8-dynamic"): Share(1.14, 0.26),
            ("openvino", "int8-static"): Share(0.46, 0.34),
            ("openvino", "int8-weights"): Share(1.12, 0.26),
        },
        "other": {
            ("litert", "fp16"): Share(0.99, 0.28),
            ("litert", "int8-dynamic"): Share(0.33, 0.72),
            ("litert", "int8-static"): Share(2.46, 0.33),
            ("litert", "int8-weights"): Share(0.91, 0.3),
            ("mnn", "int8-static"): Share(1.51, 0.33),
            ("mnn", "int8-weights"): Share(1.0, 0.28),
            ("onnxruntime", "int8-dynamic"): Share(0.4, 0.64),
            ("onnxruntime", "int8-static"): Share(1.66, 0.33),
            ("onnxruntime", "int8-weights"): Share(1.41, 0.35),
            ("openvino", "bf16"): Share(0.86, 0.66),
            ("openvino", "fp16"): Share(0.95, 0.64),
            ("openvino", "int8-dynamic"): Share(0.39, 0.91),
            ("openvino", "int8-static"): Share(1.29, 0.33),
            ("openvino", "int8-weights"): Share(0.78, 0.56),
        },
    },
    paces={
        "convolutions": {
            "litert": Share(1.08, 0.4),
            "mnn": Share(1.68, 0.33),
            "onnxruntime": Share(1.0, 0.25),
            "openvino": Share(0.95, 0.26),
        },
        "other": {
            "litert": Share(0.82, 0.29),
            "mnn": Share(1.21, 0.34),
            "onnxruntime": Share(1.0, 0.28),
            "openvino": Share(1.27, 0.39),
        },
    },
)

"""MNN's static integers: ranges from its own fp32 model, handed to its converter.

The package's calibration (`mnnquant`) aborts. But its converter takes scales that others found
(`--compressionParamsFile`), for convolutions, which its products are, too; what it is handed here
are the extremes of each one's input and output, seen in the very operators that MNN runs.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert import matching
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError

#: Operators that are quantized.
_TYPES = ("Convolution", "ConvolutionDepthwise")
_LEAST = 1e-8  # of a scale: what is always 0 has one as well

Range = tuple[float, float]
#: Calls the converter: the file that it makes, and the words.
Call = Callable[..., None]


def write(job: Job, plain: Path, target: Path, call: Call) -> None:
    """Write the quantized file.

    Args:
        plain: the fp32 file.

    Raises:
        EdgeoptError: there is nothing in it that is quantized.
    """
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        described = Path(scratch) / "plain.json"
        call(described, "-f", "MNN", "--modelFile", str(plain), "--JsonFile", str(described))
        net = json.loads(described.read_text("utf-8"))
        ranges = _ranges(job, plain)
        layers = [_layer(op, net["tensorName"], ranges) for op in net["oplists"] if _takes(op)]
        if not layers:
            raise EdgeoptError("there is no convolution or product in it that MNN quantizes.")
        params = Path(scratch) / "scales.json"
        params.write_text(json.dumps(_pipeline(layers)), "utf-8")
        words = ("--modelFile", str(plain), "--MNNModel", str(target))
        call(target, "-f", "MNN", *words, "--compressionParamsFile", str(params))


def _takes(op: dict[str, Any]) -> bool:
    """Whether the converter quantizes an operator: one with constant weights."""
    plain = op["type"] in _TYPES and len(op["inputIndexes"]) == 1
    return plain and bool(op["main"]["weight"]) and not _counts_bins(op["main"])


def _counts_bins(main: dict[str, Any]) -> bool:
    """Whether its weights are 0, 1, 2, ...: it gives the mean of a distribution, and 8 bits of that

    are steps of a sixteenth of a bin where it has 16.
    """
    weights = np.asarray(main["weight"], np.float32)
    counts = np.array_equal(weights, np.arange(weights.size, dtype=np.float32))
    return main["common"]["outputCount"] == 1 and weights.size > 1 and bool(counts)


def _ranges(job: Job, plain: Path) -> dict[tuple[str, str], Range]:
    """(operator, "input" | "output") -> least and largest value over the calibration samples."""
    from edgeopt.runtimes import mnn

    found: dict[tuple[str, str], Range] = {}

    def watch(role: str) -> Callable[[list[Any], Any], bool]:
        def see(tensors: list[Any], operator: Any) -> bool:
            if operator.getType().strip() in _TYPES:
                values = mnn.values(tensors[0])
                key = (operator.getName(), role)
                low, high = found.get(key, (0.0, 0.0))  # 0 has a number of its own
                found[key] = (min(low, float(values.min())), max(high, float(values.max())))
            return True

        return see

    with contextlib.closing(mnn.open_session(str(plain), 1, {"precision": "high"})) as session:
        inputs, _ = matching.bound(job, session, {})
        for sample in job.samples():
            session.watched(matching.fed(inputs, sample), watch("input"), watch("output"))
    return found


def _layer(
    op: dict[str, Any], tensors: list[str], ranges: dict[tuple[str, str], Range]
) -> dict[str, Any]:
    """One operator's scales in the words of MNN's schema (MNN_compression.proto)."""
    name, main = op["name"], op["main"]
    weights = np.asarray(main["weight"], np.float32).reshape(main["common"]["outputCount"], -1)
    scales = np.maximum(np.abs(weights).max(axis=1) / 127, _LEAST)
    return {
        "method": "QAT",
        "opName": name,
        "input": [_activation(tensors[op["inputIndexes"][0]], ranges[name, "input"])],
        "output": [_activation(tensors[op["outputIndexes"][0]], ranges[name, "output"])],
        "weight": [
            {
                "name": name,
                "bits": 8,
                "scales": [float(scale) for scale in scales],
                "clampMin": -127,
                "clampMax": 127,
            }
        ],
    }


def _activation(name: str, seen: Range) -> dict[str, Any]:
    """The scale and the free zero point of a tensor whose range includes 0."""
    low, high = seen
    scale = max((high - low) / 255, _LEAST)
    return {
        "name": name,
        "bits": 8,
        "scales": [scale],
        "zeroPoint": int(np.clip(round(-128 - low / scale), -128, 127)),
        "clampMin": -128,
        "clampMax": 127,
    }


def _pipeline(layers: list[dict[str, Any]]) -> dict[str, Any]:
    how = {"roundMode": "ROUND_HALF_TO_EVEN", "layer": layers}
    return {"version": "0.0.0", "algo": [{"type": "QUANTIZE", "quantParams": how}]}

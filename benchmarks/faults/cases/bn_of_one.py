"""Batch normalization in training mode alone: told, and computed as it is (onnxscript#1791)."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.cases import bn_train


def make(folder: Path) -> tuple[str, str]:
    narrow.write(folder, "onnxruntime", "openvino", "litert")
    return bn_train.make(folder, dropout=False)


def right(outcome: Outcome) -> list[str]:
    wrong = []
    if "training mode" not in " ".join(outcome.run.get("warnings", [])):
        wrong.append("training mode is not said")
    for runtime in ("onnxruntime", "openvino", "litert"):
        if outcome.status(runtime, "fp32") != "ok":
            wrong.append(f"{runtime} fp32 is blamed")
    return wrong


CASE = Case(
    about="normalization by the sample at hand (onnxscript#1791)",
    make=make,
    right=right,
    target=narrow.TARGET,
)

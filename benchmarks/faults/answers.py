"""Small graphs and a short profile for the cases of what answers are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.case import Outcome

#: Of `Case.target`: LiteRT and ONNX Runtime alone, so that a run takes a minute.
TARGET = "./short.toml"

_PROFILE = """
name = "short"
title = "LiteRT and ONNX Runtime on one core"
summary = "for small models"
arch = "x86_64"
os = "linux"
link = "local"
cores = [{ model = "any", count = 1 }]
threads = [1]
[isa]
features = ["avx2"]
absent = []
basis = "recalled"
source = "not looked at"
[match]
features = ["avx2"]
"""
_RECIPE = '[[recipes]]\nruntime = "{}"\nprecision = "{}"\nwhy = "told apart here"\n'
_RECIPES = (
    ("litert", "fp32"), ("litert", "fp16"), ("litert", "int8-static"),
    ("onnxruntime", "fp32"), ("onnxruntime", "int8-static"),
)  # fmt: skip


def profile(folder: Path) -> None:
    text = _PROFILE + "".join(_RECIPE.format(*one) for one in _RECIPES)
    (folder / "short.toml").write_text(text, "utf-8")


def save(
    folder: Path,
    nodes: Iterable[tuple[str, Sequence[str], str, dict[str, Any]]],
    constants: dict[str, np.ndarray],
    inputs: dict[str, Sequence[int]],
    outputs: dict[str, Sequence[int]],
) -> str:
    """Write model.onnx of nodes (operator, inputs, output, attributes); returns its name."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    profile(folder)
    made = [helper.make_node(op, list(into), [out], **said) for op, into, out, said in nodes]
    specs = [
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in some
        ]
        for some in (inputs.items(), outputs.items())
    ]
    kept = [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()]
    graph = helper.make_graph(made, "g", specs[0], specs[1], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    return "model.onnx"


def answers(folder: Path, **inputs: np.ndarray) -> np.ndarray:
    """The first output of model.onnx, [n, ...]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    count = len(next(iter(inputs.values())))
    rows = [
        session.run(None, {k: v[i : i + 1] for k, v in inputs.items()})[0] for i in range(count)
    ]
    return np.concatenate(rows)


def floats(seed: int, *shape: int, scale: float = 1.0) -> np.ndarray:
    found: np.ndarray = (np.random.default_rng(seed).normal(0, scale, shape)).astype(np.float32)
    return found


def resize_by_half_more(folder: Path, bias: np.ndarray | None = None) -> np.ndarray:
    """A classifier behind a Resize (nearest, asymmetric, round_prefer_floor, by 1.5).

    LiteRT's converter once got it wrong by 3 dB, and best classes survived. Writes data.npz, too.

    Args:
        bias: [4], added last.

    Returns:
        The answers, [n, 4].
    """
    nearest = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "round_prefer_floor",
    }
    nodes = [
        ("Conv", ["x", "w0"], "a", {}),
        ("Resize", ["a", "", "by"], "b", nearest),
        ("Relu", ["b"], "c", {}),
        ("Conv", ["c", "w1"], "d", {"kernel_shape": [18, 18]}),
        ("Flatten", ["d"], "e", {}),
        ("Gemm", ["e", "w2", "b2"], "y" if bias is None else "z", {}),
    ]
    constants = {
        "w0": floats(0, 8, 3, 1, 1, scale=0.5),
        "by": np.array([1, 1, 1.5, 1.5], np.float32),
        "w1": floats(1, 16, 8, 18, 18, scale=0.02),
        "w2": floats(2, 16, 4, scale=0.5),
        "b2": np.array([0, 0.4, -0.5, -0.2], np.float32),
    }
    if bias is not None:
        nodes.append(("Add", ["z", "k"], "y", {}))
        constants["k"] = bias
    save(folder, nodes, constants, {"x": [1, 3, 12, 12]}, {"y": [1, 4]})
    x = floats(3, 300, 3, 12, 12) + 2 * floats(4, 300, 3, 1, 1)
    np.savez(folder / "data.npz", x=x)
    return answers(folder, x=x)


def unlike_the_source(outcome: Outcome) -> list[str]:
    """Forms of LiteRT that pass though its fp32 form failed parity."""
    if outcome.status("litert", "fp32") != "failed-parity":
        return []  # the converter gets it right by now
    made = [r for r in outcome.records if r["runtime"] == "litert" and r["precision"] != "fp32"]
    wrong = [f"litert {r['precision']} is {r['status']}" for r in made if r["status"] == "ok"]
    if not any("the fp32 form, which failed: its answers" in str(r["reason"]) for r in made):
        wrong.append("no form says that it is made from one that failed")
    return wrong


def held_to_forty(outcome: Outcome) -> list[str]:
    """fp32 rows that pass and are farther from the source than fp32 may be."""
    return [
        f"{r['runtime']} fp32 passes at {r['parity']['sqnr_db']:.1f} dB"
        for r in outcome.records
        if (r["precision"], r["status"]) == ("fp32", "ok")
        and r["parity"]["sqnr_db"] is not None
        and r["parity"]["sqnr_db"] < 40
    ]


def ships(outcome: Outcome, *precisions: str) -> list[str]:
    """A sentence where something else than one of these ships, or nothing."""
    if outcome.chosen is None:
        return ["nothing ships"]
    found = outcome.chosen["precision"]
    return [] if found in precisions else [f"{found} ships"]

"""Samples that are all padding: the source itself answers NaN for them."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save, ships
from benchmarks.faults.case import Case, Outcome

EVERY = 20


def make(folder: Path) -> tuple[str, str]:
    """Attention over 16 places of 32 values; places where `keep` is 0 get -inf."""
    nodes = [
        ("MatMul", ["x", "wq"], "q", {}),
        ("MatMul", ["x", "wk"], "k", {}),
        ("Transpose", ["k"], "kt", {"perm": [0, 2, 1]}),
        ("MatMul", ["q", "kt"], "s", {}),
        ("Log", ["keep"], "mask", {}),
        ("Add", ["s", "mask"], "sm", {}),
        ("Softmax", ["sm"], "a", {"axis": -1}),
        ("MatMul", ["a", "x"], "v", {}),
        ("ReduceMean", ["v"], "m", {"axes": [1], "keepdims": 0}),
        ("MatMul", ["m", "wc"], "logits", {}),
    ]
    constants = {
        "wq": floats(0, 32, 32, scale=0.1),
        "wk": floats(1, 32, 32, scale=0.1),
        "wc": floats(2, 32, 3),
    }
    name = save(
        folder, nodes, constants, {"x": [1, 16, 32], "keep": [1, 1, 16]}, {"logits": [1, 3]}
    )
    rng = np.random.default_rng(3)
    keep = (np.arange(16) < rng.integers(8, 17, (400, 1))).astype(np.float32)[:, None]
    keep[::EVERY] = 0
    x = floats(4, 400, 16, 32) + floats(5, 400, 1, 32)
    labels = (x.mean(axis=1) @ constants["wc"]).argmax(axis=1)
    np.savez(folder / "data.npz", x=x, keep=keep, labels=labels)
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = ships(outcome, "fp32", "fp16", "int8-static")
    named = outcome.run.get("data", {}).get("unscored", [])
    if not named or any(number % EVERY for number in named):
        wrong.append(f"the samples without an answer are told as {named}")
    if not any("NaN" in str(one) and "not scored" in str(one) for one in outcome.run["warnings"]):
        wrong.append("no warning names them")
    return wrong


CASE = Case(
    about="an all-padded sample answers NaN (onnxruntime#13798)",
    make=make,
    right=right,
    target=TARGET,
)

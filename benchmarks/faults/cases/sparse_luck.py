"""A small MLP whose sparse form is no faster: one launch called it 1.11 and 1.20 times as fast."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    """A few microseconds an inference; no kernel of the target gains by zeros."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
                        nn.Linear(64, 10)).eval()  # fmt: skip
    program = torch.export.export(net, (torch.zeros(1, 64),))
    torch.export.save(program, folder / "mlp.pt2")
    x = np.random.default_rng(0).standard_normal((300, 64)).astype(np.float32)
    np.savez(folder / "data.npz", input=x)
    return "mlp.pt2", "data.npz"


def right(outcome: Outcome) -> list[str]:
    if outcome.code != 0:
        return [f"exit status {outcome.code}"]
    steps = outcome.run["choices"][0]["compression"]
    wrong = []
    if not any("sparse=80%" in step["title"] for step in steps):
        wrong.append("80 % sparsity was not tried")
    for step in steps:
        if step.get("ratio") is not None and (step.get("launches") or 0) < 4:
            wrong.append(f"{step['title']}: decided on {step.get('launches')} launches")
        if step["kept"] and "timed again" not in step["why"]:
            wrong.append(f"{step['title']}: kept, and not timed again")
        if step["kept"]:
            wrong.append(f"{step['title']}: kept, where zeros cannot be faster: {step['why']}")
    return wrong


CASE = Case(
    about="a step of compression kept by the luck of a launch (found while edgeopt was tried)",
    make=make,
    right=right,
    options=("--max-drop", "20%", "--quick", "--sparse", "--epochs", "2"),
    target="this-machine",
)

"""A .pt2 that was exported with one tuple of two tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import torch

    torch.manual_seed(5)

    class Scaled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(6, 3)

        def forward(self, both: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
            return self.inner(both[0] / both[1])

    example = ((torch.zeros(1, 6), torch.ones(1, 1)),)
    program = torch.export.export(Scaled().eval(), example)
    torch.export.save(program, str(folder / "scaled.pt2"))
    first, second = program.graph_signature.user_inputs
    random = np.random.default_rng(5)
    arrays = {
        str(first): random.normal(size=(300, 6)).astype(np.float32),
        str(second): random.uniform(1, 3, (300, 1)).astype(np.float32),
    }
    np.savez(folder / "data.npz", **arrays)  # type: ignore[arg-type]
    narrow.write(folder, "onnxruntime", "openvino", "litert")
    return "scaled.pt2", "data.npz"


def right(outcome: Outcome) -> list[str]:
    if "Give shapes" in outcome.output:
        return ["shapes are asked for, which were given"]
    return [
        f"{runtime} fp32 does not run"
        for runtime in ("onnxruntime", "openvino", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]


CASE = Case(about="a tuple as the argument of a .pt2", make=make, right=right, target=narrow.TARGET)

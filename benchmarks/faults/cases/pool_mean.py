"""A mean over what a mask leaves, as in embeddings of sentences: AI Edge Quantizer ends at the
Maximum by a constant with "Ranks of scales (3) ..." (litert-torch#869)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost


def make(folder: Path) -> tuple[str, str]:
    """A projection, a masked mean, a classifier."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Linear(10, 20)
            self.kinds = torch.nn.Linear(20, 4)

        def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            shares = mask.unsqueeze(-1)
            seen = (torch.relu(self.words(x)) * shares).sum(1)
            return self.kinds(seen / shares.sum(1).clamp(min=1))

    torch.manual_seed(15)
    example = (torch.zeros(1, 12, 10), torch.ones(1, 12))
    torch.onnx.export(
        Pooled().eval(),
        example,
        str(folder / "m.onnx"),
        dynamo=False,
        input_names=["x", "mask"],
        output_names=["y"],
        opset_version=17,
    )
    rng = np.random.default_rng(15)
    lengths = rng.integers(3, 13, 300)
    np.savez(
        folder / "m.npz",
        x=rng.normal(size=(300, 12, 10)).astype(np.float32),
        mask=(np.arange(12)[None] < lengths[:, None]).astype(np.float32),
    )
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """LiteRT's int8 is made."""
    return lost(outcome, "litert int8-static", "litert int8-dynamic", "onnxruntime int8-static")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)

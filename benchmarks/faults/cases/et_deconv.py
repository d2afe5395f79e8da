"""A .pt2 that answers with a dict and has a grouped ConvTranspose (executorch#11730)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("onnxruntime", "fp32"), ("litert", "fp32"), ("ncnn", "fp32"))


def make(folder: Path) -> tuple[str, str]:
    """A small segmenter: litert-torch has no form of its ConvTranspose, pnnx of its dict."""
    import torch

    class Segmenter(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = torch.nn.Conv2d(3, 12, 3, 2, 1)
            self.up = torch.nn.ConvTranspose2d(12, 6, 3, 2, 1, output_padding=1, groups=3)
            self.head = torch.nn.Linear(12, 4)

        def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
            features = torch.relu(self.down(image))
            return {
                "mask": torch.sigmoid(self.up(features)),
                "kind": self.head(features.mean((2, 3))),
            }

    torch.manual_seed(3)
    program = torch.export.export(Segmenter().eval(), (torch.zeros(1, 3, 12, 12),))
    torch.export.save(program, str(folder / "segmenter.pt2"))
    images = np.random.default_rng(3).normal(size=(200, 3, 12, 12)).astype(np.float32)
    np.savez(folder / "segmenter.npz", image=images)
    profile.write(folder, *ROWS)
    return "segmenter.pt2", "segmenter.npz"


def right(outcome: Outcome) -> list[str]:
    """LiteRT's fp32 is a row that says by which way, and why the first one failed."""
    wrong = [
        f"{runtime} fp32 is {outcome.status(runtime, 'fp32') or 'no row'}"
        for runtime in ("onnxruntime", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]
    notes = [
        note
        for record in outcome.records
        if (record["runtime"], record["precision"]) == ("litert", "fp32")
        for note in record["notes"]
    ]
    told = any("onnx2tf" in note and "litert-torch" in note for note in notes)
    return wrong + ([] if told else [f"the way is not told: {notes}"])


CASE = Case(about=(__doc__ or "").strip(), make=make, right=right, target=profile.TARGET)

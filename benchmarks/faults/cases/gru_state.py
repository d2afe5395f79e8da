"""A GRU whose state goes in and out: int8 LiteRT's signature names what its graph no longer
answers with (tensorflow#72272, nncf#2105)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("litert", "fp32"), ("litert", "int8-static"), ("litert", "int8-dynamic"))


def make(folder: Path) -> tuple[str, str]:
    """A signal and a state in, scores and the next state out."""
    import torch

    class Stateful(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv1d(6, 12, 3, padding=1)
            self.gru = torch.nn.GRU(12, 20, batch_first=True)
            self.last = torch.nn.Linear(20, 5)

        def forward(
            self, x: torch.Tensor, state: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            steps, state = self.gru(torch.relu(self.first(x)).transpose(1, 2), state)
            return self.last(steps[:, -1]), state

    torch.manual_seed(4)
    example = (torch.zeros(1, 6, 16), torch.zeros(1, 1, 20))
    torch.onnx.export(
        Stateful().eval(),
        example,
        str(folder / "gru.onnx"),
        dynamo=False,
        input_names=["x", "state_in"],
        output_names=["scores", "state_out"],
        opset_version=17,
    )
    rng = np.random.default_rng(4)
    np.savez(
        folder / "gru.npz",
        x=rng.normal(size=(300, 6, 16)).astype(np.float32),
        state_in=np.tanh(rng.normal(size=(300, 1, 1, 20))).astype(np.float32),
    )
    profile.write(folder, *ROWS)
    return "gru.onnx", "gru.npz"


def right(outcome: Outcome) -> list[str]:
    """LiteRT's rows run, int8 as well."""
    wrong = []
    for precision in ("fp32", "int8-static", "int8-dynamic"):
        status = outcome.status("litert", precision)
        if status not in ("ok", "failed-parity"):  # what it loses is told; it runs
            wrong.append(f"litert {precision} is {status or 'no row'}")
    return wrong


CASE = Case(
    about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right, target=profile.TARGET
)

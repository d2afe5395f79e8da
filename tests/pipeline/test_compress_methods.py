"""Low rank, sparsity, a smaller image and 8-bit training through `edgeopt.optimize`, end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import edgeopt
from edgeopt.domain.compression import Compression, Training
from edgeopt.search import ladder
from edgeopt.search.options import EFFORTS, SweepEffort
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow

METHODS = ("input-size", "low-rank", "sparse", "qat")
TRAINS = ("recover", "qat")
EPOCHS = 2


def save_net(path):
    """A fully convolutional net of [1, 1, 16, 16], untrained; its widest layer has rank 8.

    Of its two factors one has 1024 weights: enough to be made sparse, if a low rank is faster here.
    """
    torch.manual_seed(0)
    wide = torch.nn.Conv2d(32, 128, 1)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 32, 3, 2, 1), torch.nn.ReLU(), wide, torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(128, 5),
    )  # fmt: skip
    with torch.no_grad():
        wide.weight.copy_((torch.randn(128, 8) @ torch.randn(8, 32))[:, :, None, None] / 8)
    torch.export.save(torch.export.export(net.eval(), (torch.zeros(1, 1, 16, 16),)), str(path))


def _never_faster(outcome):
    return replace(outcome, kind="no-faster") if outcome.kind == "faster" else outcome


@pytest.fixture(scope="module")
def run(tmp_path_factory, short_schedules):
    """One run with all of them: one size, one rank, one pattern, and little is measured."""
    folder = tmp_path_factory.mktemp("methods")
    save_net(folder / "net.pt2")
    images = np.random.default_rng(0).normal(size=(200, 1, 16, 16)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "ENERGIES", (0.8,))
        patch.setattr(ladder, "SPARSE", ladder.SPARSE[:1])
        patch.setattr(ladder, "SIDES", (0.5,))
        # Whether one launch calls a step faster is the processor's matter: here none is kept.
        known = ladder.outcome_of
        patch.setattr(ladder, "outcome_of", lambda *asked: _never_faster(known(*asked)))
        patch.setitem(EFFORTS, "quick", SweepEffort(leaders=1, sets=0))
        yield edgeopt.optimize(
            folder / "net.pt2", str(HERE / "one-runtime.toml"), {"x": images}, max_drop=1.0,
            out=folder / "run", budget="quick", tensorboard=True,
            compression=Compression(methods=METHODS, training=Training(epochs=EPOCHS)),
        )  # fmt: skip


def is_smaller(folder, parameters):
    return parameters < 32 * 10 + 128 * 33 + 129 * 5


def has_zeros(folder, parameters):
    weights = torch.export.load(folder / "model.pt2").state_dict.values()
    large = [w for w in weights if w.numel() >= 1024]
    return large and all((w == 0).float().mean() >= 0.5 for w in large)


def scales_down(folder, parameters):
    import onnx

    return "Resize" in {n.op_type for n in onnx.load(folder / "model.onnx").graph.node}


def anything(folder, parameters):
    return True


@pytest.mark.parametrize(
    ("what", "precision", "holds"),
    [
        ("resized=50%", "", scales_down),
        ("low-rank=0.8", "", is_smaller),
        ("sparse=2:4", "", has_zeros),
        ("qat", "int8-static", anything),
    ][: len(METHODS)],
    ids=METHODS,
)
def test_a_step_is_made_trained_converted_and_judged(run, what, precision, holds):
    [step] = [s for s in run.choices[0].compression if s.title.endswith(what)]
    folder = Path(run.folder)
    assert step.why
    assert step.drop is not None
    curve = json.loads((folder / step.curve).read_text())
    assert [epoch["number"] for epoch in curve["epochs"]] == list(range(EPOCHS + 1))
    assert (folder / step.curve).with_name("model.onnx").exists()
    assert holds((folder / step.curve).parent, step.parameters)
    made = [r for r in run.records if r.recipe and r.recipe.compression == step.chain]
    assert any(r.status == "ok" and r.drop and r.precision.startswith(precision) for r in made)
    assert all(r.latency_ms or r.latency_reason.startswith("taken back: ") for r in made)
    assert step.kept == any(r.latency_ms for r in made)


def test_no_onnx_is_made_that_nothing_is_converted_from(run):
    described = [json.loads(p.read_text()) for p in Path(run.folder).glob("stages/*/stage.json")]
    cuts = [one["derived"] for one in described if one["chain"][-1]["type"] not in TRAINS]
    assert len(cuts) == len(set(METHODS) - {"qat"})
    assert {cut["onnx"] for cut in cuts} == {None}


def test_every_training_is_in_tensorboard(run):
    folders = [p for p in (Path(run.folder) / "tensorboard").iterdir() if any(p.iterdir())]
    assert len(folders) == len(METHODS)

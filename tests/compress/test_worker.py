"""A stage as the child process does it: a program goes in, the next one and its ONNX come out."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
import torch

from edgeopt.compress import rebuild, worker
from edgeopt.domain.compression import LowRank, QuantizationAware, Training
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import Source


@pytest.fixture
def job(exported, tmp_path):
    """A stage -> the job of doing it to `Residual`, with 40 samples."""
    path = exported("Residual")[1]
    np.save(
        tmp_path / "0.npy", np.random.default_rng(0).normal(size=(40, 1, 3, 12, 12)).astype("f")
    )
    source = Source(
        path=str(path),
        format="pt2",
        sha256="",
        size_bytes=0,
        inputs=(TensorSpec(name="image", dtype="float32", shape=(1, 3, 12, 12)),),
        outputs=(TensorSpec(name="output", dtype="float32", shape=(1, 5)),),
        operators={},
        onnx=None,
        exported=str(path),
        reference_runtime="torch",
        reference_path=str(path),
    )

    def make(stage):
        folder = tmp_path / "stage"
        folder.mkdir()
        made = worker.StageJob(
            stage=stage, source=source, teacher=str(path), samples=(str(tmp_path / "0.npy"),),
            labels=None, output=0, folder=str(folder), events=str(tmp_path / "events"),
        )  # fmt: skip
        return folder, worker.make(msgspec.to_builtins(made))

    return make


@pytest.mark.slow
def test_a_trained_stage_leaves_program_onnx_and_curve(job):
    import onnxruntime

    folder, reply = job(QuantizationAware(training=Training(epochs=2)))
    derived = msgspec.convert(reply, worker.Derived)
    assert derived.about == "2 epochs on 34 samples"
    curve = json.loads((folder / str(derived.curve)).read_text())
    assert [epoch["number"] for epoch in curve["epochs"]] == [0, 1, 2]
    assert not curve["labels"]
    assert not (folder / worker.PROGRESS).exists()
    assert len(list((folder.parent / "events").glob("*tfevents*"))) == 1
    sample = np.random.default_rng(1).normal(size=(1, 3, 12, 12)).astype("f")
    module = rebuild.read(folder / "model.pt2")
    assert rebuild.parameters(module) == derived.parameters
    session = onnxruntime.InferenceSession(derived.onnx, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": sample})
    with torch.no_grad():
        expected = module(torch.from_numpy(sample)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_stage_that_changes_nothing_is_an_error_in_words(job):
    with pytest.raises(EdgeoptError, match="none of its 3 linear and 1x1 layers becomes smaller"):
        job(LowRank(energy=0.9999))

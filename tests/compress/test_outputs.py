"""Training towards all outputs: of a classifier with a second output, of a detector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeopt.compress import rebuild
from edgeopt.compress.distillation_set import read
from edgeopt.compress.prune import prune
from edgeopt.compress.train import train
from edgeopt.domain.compression import Prune, Training
from edgeopt.domain.errors import BadInput
from tests.compress.dense_nets import INPUTS, Detector, export

pytestmark = pytest.mark.slow
EVERY = np.arange(32)


class Two(torch.nn.Module):
    """[1, 6] -> a map of whole numbers, values [1, 3, 2] in thousands, logits [1, 4]."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Linear(6, 16)
        self.values, self.logits = torch.nn.Linear(16, 6), torch.nn.Linear(16, 4)

    def forward(self, x):
        x = self.body(x).relu()
        logits = self.logits(x)
        return logits.argmax(1), 1000 * self.values(x).view(1, 3, 2), logits


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """(a module, files of samples and of labels)."""
    folder = tmp_path_factory.mktemp("two")
    torch.manual_seed(0)
    samples = torch.randn(1, 6)
    torch.export.save(torch.export.export(Two().eval(), (samples,)), folder / "two.pt2")
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(64, 1, 6)).astype(np.float32))
    np.save(folder / "labels.npy", np.arange(64) % 4)
    return folder / "two.pt2", [str(folder / "x.npy")], str(folder / "labels.npy")


def damaged(path):
    module = rebuild.read(path)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.5 * parameter.abs().mean() * torch.randn_like(parameter))
    return module


def errors(module, source, rows):
    """The relative error of each output of floats."""
    with torch.no_grad():
        pairs = zip(module(rows)[1:], source(rows)[1:], strict=True)
        return [float((own - its).pow(2).mean() / its.var()) for own, its in pairs]


def test_every_output_comes_nearer(two, tmp_path):
    path, files, _ = two
    source, student = rebuild.read(path), damaged(path)
    data = read(files, None, source, 2, 0)
    assert data.outputs == (1, 2)
    assert data.task == "classes"
    assert [one.output for one in data.near] == [0]
    before = errors(student, source, data.inputs[0])
    curve = train(student, data, Training(epochs=20, learning_rate=1e-2), tmp_path / "c.pt")
    after = errors(student, source, data.inputs[0])
    assert all(a < 0.5 * b for a, b in zip(after, before, strict=True))
    assert curve.epochs[-1].right is not None


def test_labels_are_of_the_output_that_is_scored(two):
    path, files, labels = two
    data = read(files, labels, rebuild.read(path), 2, 0)
    assert data.labels is not None
    first = read(files, labels, rebuild.read(path), 1, 0)
    assert (first.labels, first.task) == (None, "values")
    whole = read(files, labels, rebuild.read(path), 0, 0)
    assert whole.labels is None  # of the output that is of whole numbers


def test_a_row_of_values_is_no_classifier_where_a_task_judges(two):
    path, files, _ = two
    data = read(files, None, rebuild.read(path), 2, 0, classifier=False)
    assert data.task == "values"
    assert [one.output for one in data.near] == [0, 1]
    answers = data.asked(data.source, EVERY)
    assert float(data.loss(Training(), answers, EVERY)) == pytest.approx(0, abs=1e-6)


def test_whole_numbers_alone_train_nothing(two, tmp_path):
    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(6, 4)

        def forward(self, x):
            return self.layer(x).argmax(1)

    torch.export.save(torch.export.export(Whole(), (torch.zeros(1, 6),)), tmp_path / "w.pt2")
    with pytest.raises(BadInput, match="whole numbers"):
        read(two[1], None, rebuild.read(tmp_path / "w.pt2"), 0, 0)


def test_a_pruned_detector_learns_boxes_and_scores_without_labels(tmp_path):
    net = Detector()
    torch.manual_seed(0)
    for branch in net.scores:
        torch.nn.init.normal_(branch[-1].weight, 0, 0.5)
    export(net, tmp_path / "d.pt2")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((48, 1, 3, 32, 32), np.float32))
    source, student = (rebuild.read(tmp_path / "d.pt2") for _ in range(2))
    data = read([str(tmp_path / "x.npy")], None, source, 0, 0, classifier=False)
    assert [one.part.slices for one in data.near] == [(0, 1, 2, 3), (4, 5)]
    prune(student, [INPUTS[Detector]], Prune(share=0.25, multiple=4), lambda m: m)

    def distances():
        with torch.no_grad():
            (own,) = data.asked(student, EVERY)
        return [float(one.distance(own, data.answers[0][EVERY], EVERY)) for one in data.near]

    before = distances()
    curve = train(student, data, Training(epochs=6, batch=16, learning_rate=5e-3), tmp_path / "c")
    assert not curve.labels
    assert curve.epochs[-1].right is None
    assert all(a < 0.7 * b for a, b in zip(distances(), before, strict=True))

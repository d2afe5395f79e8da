"""Training: it learns, it stops, it survives a stop and a divergence, it keeps what is best."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from edgeopt.compress import rebuild
from edgeopt.compress.distillation_set import read
from edgeopt.compress.train import rate_at, train
from edgeopt.domain.compression import Training
from edgeopt.domain.errors import BadInput

pytestmark = pytest.mark.slow

QUICK = Training(epochs=6, batch=16, learning_rate=5e-3)


def with_(**changes):
    return msgspec.structs.replace(QUICK, **changes)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """96 images of five classes that a net of `Residual` can learn, and their labels."""
    folder = tmp_path_factory.mktemp("samples")
    rng = np.random.default_rng(0)
    labels = np.arange(96) % 5
    images = rng.normal(0, 0.3, (96, 1, 3, 12, 12)).astype(np.float32)
    for i, label in enumerate(labels):
        images[i, :, label % 3, 2 * label : 2 * label + 3] += 2
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    return str(folder / "images.npy"), str(folder / "labels.npy")


@pytest.fixture
def taught(exported, files):
    """(a damaged net, the same data with labels and without)."""
    images, labels = files
    source = rebuild.read(exported("Residual")[1])
    source.train()
    with torch.no_grad():
        for _ in range(30):  # batch norms that know the samples, as those of a trained net do
            source(torch.from_numpy(np.load(images)[:, 0]))
    source.eval()
    student = rebuild.read(exported("Residual")[1])
    student.load_state_dict(source.state_dict())
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter) * parameter.abs().mean())
    made = [read([images], given, source, 0, 0) for given in (labels, None)]
    return student, *made


def test_it_comes_nearer_to_the_source_without_labels(taught, tmp_path):
    student, _, unlabelled = taught
    curve = train(student, unlabelled, with_(distillation=1.0), tmp_path / "c.pt")
    assert curve.epochs[curve.best].held_out < 0.5 * curve.epochs[0].held_out
    assert not curve.labels
    assert (curve.samples, curve.held_out) == (82, 14)
    assert not (tmp_path / "c.pt").exists()
    assert not student.training


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_labels_are_learnt_by_every_optimizer(taught, tmp_path, optimizer):
    student, labelled, _ = taught
    rate = 5e-2 if optimizer == "sgd" else 1e-2
    training = with_(
        optimizer=optimizer, distillation=0.0, epochs=10, learning_rate=rate, patience=10
    )
    curve = train(student, labelled, training, tmp_path / "c.pt")
    assert curve.labels
    assert curve.epochs[curve.best].held_out < 0.6 * curve.epochs[0].held_out


def test_an_interrupted_training_ends_where_the_other_does(taught, tmp_path, exported):
    student, labelled, _ = taught
    start = {k: v.clone() for k, v in student.state_dict().items()}
    whole = train(student, labelled, QUICK, tmp_path / "a.pt")
    wanted = {k: v.clone() for k, v in student.state_dict().items()}

    class Stop(Exception):
        pass

    def stop(done, total, left):
        if done == 3:
            raise Stop

    again = rebuild.read(exported("Residual")[1])
    again.load_state_dict(start)
    with pytest.raises(Stop):
        train(again, labelled, QUICK, tmp_path / "b.pt", stop)
    fresh = rebuild.read(exported("Residual")[1])
    curve = train(fresh, labelled, QUICK, tmp_path / "b.pt")
    assert [e.held_out for e in curve.epochs] == pytest.approx([e.held_out for e in whole.epochs])
    for name, value in wanted.items():
        torch.testing.assert_close(fresh.state_dict()[name], value)


def test_a_checkpoint_that_cannot_be_read_is_none(taught, tmp_path):
    student, labelled, _ = taught
    (tmp_path / "c.pt").write_bytes(b"torn")
    assert len(train(student, labelled, with_(epochs=1), tmp_path / "c.pt").epochs) == 2


def test_a_divergence_is_said_and_the_best_is_kept(taught, tmp_path):
    student, labelled, _ = taught
    before = {k: v.clone() for k, v in student.state_dict().items()}
    training = with_(optimizer="sgd", learning_rate=1e20, clip_norm=1e30, epochs=20)
    curve = train(student, labelled, training, tmp_path / "c.pt")
    assert "diverged" in curve.ended
    assert "lower learning rate" in curve.ended
    assert len(curve.epochs) < 21
    assert all(torch.isfinite(p).all() for p in student.parameters())
    if curve.best == 0:
        for name, value in before.items():
            torch.testing.assert_close(student.state_dict()[name], value)


def test_it_stops_when_nothing_is_gained(taught, tmp_path):
    student, labelled, _ = taught
    training = with_(epochs=50, learning_rate=1e-12, patience=2, optimizer="sgd")
    curve = train(student, labelled, training, tmp_path / "c.pt")
    assert len(curve.epochs) < 50
    assert "has not fallen for 2 epochs" in curve.ended


def test_zeros_stay_zero(taught, tmp_path):
    student, labelled, _ = taught
    layer = next(m for m in student.children() if getattr(m, "in_features", 0) == 16)
    with torch.no_grad():
        layer.weight[:, ::2] = 0
    train(student, labelled, with_(epochs=2), tmp_path / "c.pt")
    assert (layer.weight[:, ::2] == 0).all()
    assert (layer.weight[:, 1::2] != 0).all()


def test_weights_shrink_with_l1(taught, tmp_path, exported):
    student, labelled, _ = taught
    other = rebuild.read(exported("Residual")[1])
    other.load_state_dict(student.state_dict())
    plain = with_(epochs=3, patience=3, weight_decay=0.0)
    train(student, labelled, plain, tmp_path / "a.pt")
    train(other, labelled, msgspec.structs.replace(plain, l1=0.01), tmp_path / "b.pt")
    sums = [
        sum(float(p.detach().abs().sum()) for p in module.parameters() if p.ndim > 1)
        for module in (student, other)
    ]
    assert sums[1] < sums[0]


def test_attention_maps_are_learnt_too(taught, tmp_path):
    student, labelled, _ = taught
    curve = train(student, labelled, with_(features=100.0, epochs=3), tmp_path / "c.pt")
    assert curve.best > 0
    assert all(not module._forward_hooks for module in student.modules())


@pytest.mark.parametrize("batch_norm", ["learn", "keep"])
def test_batch_norm_follows_the_samples_or_stays(taught, tmp_path, batch_norm):
    student, _, unlabelled = taught

    def statistics():
        return {n: b.clone() for n, b in student.named_buffers() if n.endswith("running_mean")}

    before = statistics()
    curve = train(student, unlabelled, with_(batch_norm=batch_norm, epochs=2), tmp_path / "c.pt")
    assert curve.best > 0
    same = [torch.equal(mean, before[name]) for name, mean in statistics().items()]
    assert same
    assert set(same) == {batch_norm == "keep"}


def test_the_rate_falls_as_half_a_cosine():
    training = with_(epochs=10, learning_rate=1.0)
    rates = [rate_at(training, n) for n in range(1, 11)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1.0
    assert rates[5] == pytest.approx(0.505)


def test_too_few_samples_are_refused(exported, files, tmp_path):
    np.save(tmp_path / "few.npy", np.load(files[0])[:9])
    source = rebuild.read(exported("Residual")[1])
    with pytest.raises(BadInput, match="9 samples are too few"):
        read([str(tmp_path / "few.npy")], None, source, 0, 0)


def test_a_net_that_mixes_samples_is_refused(files, tmp_path):
    class Mixing(torch.nn.Module):
        def forward(self, image):
            return (image - image.mean(0)).mean((2, 3))

    with pytest.raises(BadInput, match="otherwise in a batch"):
        read([files[0]], None, Mixing(), 0, 0)


@pytest.mark.parametrize("shape", [(96,), (96, 3, 12, 12)])
def test_inputs_without_a_batch_are_refused(exported, tmp_path, shape):
    np.save(tmp_path / "whole.npy", np.zeros(shape, np.float32))
    source = rebuild.read(exported("Residual")[1])
    with pytest.raises(BadInput, match="no batch dimension"):
        read([str(tmp_path / "whole.npy")], None, source, 0, 0)


def test_labels_that_cannot_train_are_left_aside(exported, files, tmp_path):
    np.save(tmp_path / "boxes.npy", np.zeros((96, 4, 5)))
    source = rebuild.read(exported("Residual")[1])
    assert read([files[0]], str(tmp_path / "boxes.npy"), source, 0, 0).labels is None

"""Every family, whatever a trial says: shapes as promised, and the same in ONNX Runtime."""

from __future__ import annotations

import itertools

import numpy as np
import optuna
import pytest
import torch

from edgeopt import spaces

FAMILIES = {
    "image": (lambda trial: spaces.image(trial, 7, sizes=(32, 48), grey=True), (3, 40, 40)),
    "audio": (lambda trial: spaces.audio(trial, 7, widths=(8, 16)), (1, 20, 13)),
    "series": (lambda trial: spaces.series(trial, 7, channels=2, widths=(8, 16)), (2, 50)),
    "table": (lambda trial: spaces.table(trial, 7, features=9, widths=(8, 16)), (9,)),
}


class Fixed:
    """A trial that takes the first choice, or the last, of everything."""

    def __init__(self, last: bool) -> None:
        self.last, self.asked = last, []

    def suggest_categorical(self, name, choices):
        self.asked.append(name)
        return choices[-1 if self.last else 0]

    def suggest_int(self, name, low, high):
        self.asked.append(name)
        return high if self.last else low


@pytest.mark.slow
@pytest.mark.parametrize(("name", "last"), [*itertools.product(FAMILIES, (False, True))])
def test_both_ends_of_a_family_answer(name, last):
    build, shape = FAMILIES[name]
    net = build(Fixed(last)).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("name", FAMILIES)
def test_any_trial_of_a_study_answers(name):
    build, shape = FAMILIES[name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    for _ in range(4):
        net = build(study.ask()).eval()
        with torch.no_grad():
            assert bool(net(torch.rand(1, *shape)).isfinite().all())


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_it_exports_and_answers_the_same(name, tmp_path):
    import onnxruntime

    build, shape = FAMILIES[name]
    torch.manual_seed(0)
    net, sample = build(Fixed(True)).eval(), torch.rand(1, *shape)
    torch.onnx.export(
        net, (sample,), tmp_path / "net.onnx", dynamo=True, external_data=False, verbose=False
    )
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    [found] = session.run(None, {session.get_inputs()[0].name: sample.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, net(sample).numpy(), atol=1e-4)


def test_a_size_is_inside_the_network():
    """The data stays as it is: what a smaller size saves shows in the multiply-adds."""
    cost = {}
    for last in (False, True):
        net = spaces.image(Fixed(last=False), 7, sizes=(32,) if not last else (64,)).eval()
        seen = []
        first = next(m for m in net.modules() if isinstance(m, torch.nn.Conv2d))
        first.register_forward_hook(lambda _m, given, _out, seen=seen: seen.append(given[0].shape))
        with torch.no_grad():
            net(torch.zeros(1, 3, 100, 80))
        cost[last] = tuple(seen[0][2:])
    assert cost == {False: (32, 32), True: (64, 64)}


def test_best_features_are_those_that_tell():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    values = rng.normal(size=(400, 6)).astype(np.float32)
    values[:, 2] += 3 * labels
    values[:, 4] -= 2 * labels

    class Two(Fixed):
        def suggest_int(self, name, low, high):
            assert (name, low, high) == ("features", 1, 6)
            return 2

    chosen = spaces.best_features(Two(False), values, labels)
    assert chosen == [2, 4]
    net = spaces.table(Fixed(False), 3, features=6, chosen=chosen).eval()
    other = values.copy()
    other[:, [0, 1, 3, 5]] = 100.0
    with torch.no_grad():
        answers = [net(torch.from_numpy(each)) for each in (values, other)]
    assert torch.equal(*answers)


@pytest.mark.parametrize("chosen", [[6], [-1], [0, 99]])
def test_a_column_that_is_none_is_refused(chosen):
    with pytest.raises(ValueError, match="columns must be within 0 and 5"):
        spaces.table(Fixed(False), 3, features=6, chosen=chosen)

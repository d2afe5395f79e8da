"""The number of threads that trains fastest is found by trying."""

from __future__ import annotations

import pytest

from edgeopt.compress.threads import LONG_S, ROUNDS, fastest


class Machine:
    """A step takes so many seconds with so many threads; the first of each takes longer."""

    def __init__(self, seconds):
        self.seconds, self.now, self.threads, self.steps = seconds, 0.0, 0, []

    def use(self, threads):
        self.threads = threads

    def step(self):
        first = self.threads not in self.steps
        self.steps.append(self.threads)
        self.now += self.seconds[self.threads] * (10 if first else 1)

    def ask(self):
        return fastest(self.step, sorted(self.seconds), self.use, lambda: self.now)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [({1: 0.001, 4: 0.002}, 1), ({1: 0.4, 4: 0.2}, 4), ({1: 0.5, 2: 0.5}, 1), ({1: 3, 2: 2}, 2)],
)
def test_the_quickest_is_taken(seconds, expected):
    assert Machine(seconds).ask() == expected


def test_they_take_turns_and_what_is_long_is_tried_once():
    short, long = Machine({1: 0.01, 2: 0.02}), Machine({1: 2 * LONG_S, 2: LONG_S})
    short.ask()
    long.ask()
    assert short.steps == [1, 2] * (ROUNDS + 1)
    assert long.steps == [1, 2] * 2


@pytest.mark.slow
def test_the_module_and_the_random_numbers_stay(exported, tmp_path):
    import numpy as np
    import torch

    from edgeopt.compress import rebuild, threads
    from edgeopt.compress.distillation_set import read
    from edgeopt.domain.compression import Training

    path = exported("Residual")[1]
    images = np.random.default_rng(0).normal(size=(40, 1, 3, 12, 12)).astype("f")
    np.save(tmp_path / "0.npy", images)
    module = rebuild.read(path)
    learned = read([str(tmp_path / "0.npy")], None, rebuild.read(path), 0, 0)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    torch.set_num_threads(2)
    torch.manual_seed(3)
    try:
        assert threads.settle(module, learned, Training()) in (1, 2)
    finally:
        torch.set_num_threads(1)
    drawn = torch.rand(3)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(3))
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())

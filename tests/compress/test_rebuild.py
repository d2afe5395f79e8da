"""Exported programs as layers again: the same answers, any batch, layers that learn."""

from __future__ import annotations

import pytest
import torch

from edgeopt.compress import rebuild
from edgeopt.domain.errors import BadInput
from tests.compress.small_nets import INPUTS, Attention, Flattened, Residual

pytestmark = pytest.mark.slow


def batch(kind, count):
    like = INPUTS[kind]
    torch.manual_seed(1)
    if like.dtype == torch.int64:
        return torch.randint(0, 20, (count, *like.shape[1:]))
    return torch.randn(count, *like.shape[1:])


@pytest.mark.parametrize("kind", [Residual, Flattened, Attention], ids=lambda kind: kind.__name__)
def test_it_answers_as_the_net_does_and_takes_batches(exported, kind):
    net, path = exported(kind.__name__)
    module, samples = rebuild.read(path), batch(kind, 3)
    with torch.no_grad():
        alone = torch.cat([net(samples[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(module(samples), alone, rtol=1e-4, atol=1e-5)


def test_layers_are_layers_again(exported):
    module = rebuild.read(exported("Residual")[1])
    kinds = [type(layer).__name__ for layer in module.children()]
    assert {name: kinds.count(name) for name in set(kinds)} == {
        "Conv2d": 4,
        "BatchNorm2d": 4,
        "Dropout": 1,
        "Linear": 1,
    }
    assert rebuild.parameters(module) == rebuild.parameters(exported("Residual")[0])


def test_batch_norm_and_dropout_work_in_training(exported):
    module = rebuild.read(exported("Residual")[1])
    before = {k: v.clone() for k, v in module.state_dict().items() if "running_mean" in k}
    module.train()
    samples = batch(Residual, 8)
    first, second = module(samples), module(samples)
    assert not torch.equal(first, second)
    assert all(not torch.equal(module.state_dict()[k], v) for k, v in before.items())


def test_a_weight_that_layers_share_is_kept_as_one_and_named(exported):
    module = rebuild.read(exported("Tied")[1])
    assert len(module.meta[rebuild.TIED]) == 1
    assert "weight" in module.meta[rebuild.TIED][0]
    assert [p.shape for p in module.parameters() if p.ndim == 2] == [(8, 8)]


def test_control_flow_is_refused_in_a_sentence(exported):
    with pytest.raises(BadInput, match="control flow"):
        rebuild.read(exported("Branching")[1])

"""Structured pruning on the nets that depend on themselves: residuals, depthwise, attention."""

from __future__ import annotations

import pytest
import torch

from edgeopt.compress import rebuild
from edgeopt.compress.prune import prune, rounded
from edgeopt.domain.compression import Prune
from edgeopt.domain.errors import BadInput, EdgeoptError
from tests.compress.small_nets import INPUTS, Attention, Flattened, Residual

pytestmark = pytest.mark.slow


def loss(module):
    torch.manual_seed(0)
    return module(torch.randn(8, 3, 12, 12)).pow(2).mean()


def no_loss(module):
    raise AssertionError("only Taylor's importance asks for a gradient")


def widths(module):
    return [layer.out_channels for layer in module.children() if isinstance(layer, torch.nn.Conv2d)]


@pytest.mark.parametrize("importance", ["l1", "l2", "bn-scale", "taylor"])
@pytest.mark.parametrize("scope", ["layer", "global"])
def test_channels_go_in_multiples_and_answers_keep_their_shape(exported, importance, scope):
    module = rebuild.read(exported("Residual")[1])
    stage = Prune(share=0.5, importance=importance, scope=scope, multiple=8)
    before = rebuild.parameters(module)
    prune(module, [INPUTS[Residual]], stage, loss if importance == "taylor" else no_loss)
    assert rebuild.parameters(module) < before
    assert all(width % 8 == 0 for width in widths(module))
    assert module(torch.zeros(2, 3, 12, 12)).shape == (2, 5)
    assert all(p.grad is None for p in module.parameters())


def test_each_layer_loses_its_share(exported):
    module = rebuild.read(exported("Residual")[1])
    assert widths(module) == [16, 48, 48, 16]
    prune(module, [INPUTS[Residual]], Prune(share=0.5, multiple=8), no_loss)
    assert widths(module) == [8, 24, 24, 8]


def test_what_matters_least_goes(exported):
    module = rebuild.read(exported("Residual")[1])
    first = next(layer for layer in module.children() if isinstance(layer, torch.nn.Conv2d))
    weights = [p for p in module.parameters() if p.ndim > 1]
    with torch.no_grad():
        for weight in weights:  # channels of one size everywhere
            weight.copy_(weight.sign() * 0.1)
        strong = [1, 3, 5, 7, 9, 11, 13, 15]
        for weight in weights:
            if weight.shape[0] == 16:
                weight[strong] *= 10
        wanted = first.weight[strong].clone()
    prune(module, [INPUTS[Residual]], Prune(share=0.5, multiple=8), no_loss)
    torch.testing.assert_close(first.weight, wanted)


def test_a_shape_written_down_follows(exported):
    module = rebuild.read(exported("Flattened")[1])
    prune(module, [INPUTS[Flattened]], Prune(share=0.5, multiple=4), no_loss)
    assert widths(module) == [8]
    assert module(torch.zeros(1, 1, 6, 6)).shape == (1, 4)


def test_heads_of_attention_stay_and_the_rest_is_pruned(exported):
    module = rebuild.read(exported("Attention")[1])
    prune(module, [INPUTS[Attention]], Prune(share=0.5, multiple=8), no_loss)
    wide = [layer.out_features for layer in module.children() if isinstance(layer, torch.nn.Linear)]
    assert wide[:3] == [32, 32, 32]
    assert 32 in wide[3:]
    assert module(INPUTS[Attention]).shape == (1, 3)


@pytest.mark.parametrize(
    ("name", "stage", "message"),
    [
        ("Tied", Prune(share=0.5), "share one weight"),
        ("Flattened", Prune(share=0.5, importance="bn-scale"), "no batch norm"),
        ("Residual", Prune(share=0.05, multiple=16), "no layer has channels to spare"),
    ],
)
def test_what_cannot_be_pruned_says_why(exported, name, stage, message):
    module = rebuild.read(exported(name)[1])
    example = [torch.zeros(1, *t.shape[1:]) for k, t in INPUTS.items() if k.__name__ == name]
    with pytest.raises(EdgeoptError, match=message):
        prune(module, example, stage, no_loss)


@pytest.mark.parametrize(
    ("taken", "channels", "multiple", "gone"),
    [(5, 16, 8, 8), (3, 16, 8, 0), (4, 20, 8, 4), (19, 20, 8, 12), (2, 4, 8, 0), (7, 10, 1, 7)],
)
def test_what_stays_is_a_multiple_and_never_nothing(taken, channels, multiple, gone):
    assert rounded(taken, channels, multiple) == gone


def test_a_net_without_layers_is_refused(tmp_path):
    class Plain(torch.nn.Module):
        def forward(self, x):
            return x * 2

    path = tmp_path / "plain.pt2"
    torch.export.save(torch.export.export(Plain(), (torch.zeros(1, 3),)), str(path))
    with pytest.raises(BadInput, match="no convolution"):
        prune(rebuild.read(path), [torch.zeros(1, 3)], Prune(share=0.5), no_loss)

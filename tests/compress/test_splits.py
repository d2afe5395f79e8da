"""Nets that answer for every place: splits, joins and decodes stand in no way of pruning."""

from __future__ import annotations

import pytest
import torch

from edgeopt.compress import rebuild, splits
from edgeopt.compress.prune import prune
from edgeopt.domain.compression import Prune
from edgeopt.domain.errors import BadInput
from tests.compress.dense_nets import BINS, INPUTS, Detector, UNet, export

pytestmark = pytest.mark.slow


def no_loss(module):
    raise AssertionError("only Taylor's importance asks for a gradient")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Makes the path of a net's exported program."""
    folder = tmp_path_factory.mktemp("dense")

    def make(kind, *given):
        path = folder / f"{kind.__name__}{'-'.join(given)}.pt2"
        if not path.exists():
            export(kind(*given), path)
        return path

    return make


@pytest.mark.parametrize("how", ["chunk", "split", "sizes"])
def test_what_is_cut_up_and_joined_answers_as_before(program, how):
    module, samples = rebuild.read(program(Detector, how)), torch.randn(2, 3, 32, 32)
    weights = rebuild.parameters(module)
    with torch.no_grad():
        expected = module(samples)
        parted = splits.part(module)
        assert [len(chains) for chains in parted] == [2, 2]
        torch.testing.assert_close(module(samples), expected)
        splits.join(module, parted)
        torch.testing.assert_close(module(samples), expected)
    assert rebuild.parameters(module) == weights


def test_parts_that_lose_unlike_numbers_of_channels_are_joined(program):
    module = rebuild.read(program(Detector))
    with torch.no_grad():  # the half that is only kept matters less than the one that is used on
        for first in [m for m in module.modules() if getattr(m, "out_channels", 0) == 32]:
            if first.kernel_size == (1, 1):
                first.weight[:16] *= 0.01
    stage = Prune(share=0.3, scope="global", multiple=4)
    prune(module, [INPUTS[Detector]], stage, no_loss)
    kind = torch.ops.aten.split_with_sizes.default
    sizes = [node.args[1] for node in module.graph.nodes if node.target is kind]
    assert any(one[0] < one[1] for one in sizes if len(one) == 2)
    assert module(torch.zeros(3, 3, 32, 32)).shape == (3, 6, 20)


@pytest.mark.parametrize(("importance", "scope"), [("l2", "layer"), ("taylor", "global")])
def test_a_detector_is_pruned_but_for_the_last_of_each_branch(program, tmp_path, importance, scope):
    module = rebuild.read(program(Detector))
    stage = Prune(share=0.5, importance=importance, scope=scope, multiple=4)
    before = rebuild.parameters(module)
    prune(module, [INPUTS[Detector]], stage, lambda m: m(torch.randn(4, 3, 32, 32)).pow(2).mean())
    widths = [m.out_channels for m in module.modules() if isinstance(m, torch.nn.Conv2d)]
    assert rebuild.parameters(module) < 0.4 * before
    assert sorted(w for w in widths if w in (4 * BINS, 2, 1)) == [1, 2, 2, 4 * BINS, 4 * BINS]
    assert module(torch.zeros(3, 3, 32, 32)).shape == (3, 6, 20)
    path = tmp_path / "again.pt2"
    torch.export.save(torch.export.export(module, (INPUTS[Detector],)), path)
    again = rebuild.read(path)  # splits of sizes that are written down by now
    prune(again, [INPUTS[Detector]], Prune(share=0.5, multiple=4), no_loss)
    assert again(torch.zeros(3, 3, 32, 32)).shape == (3, 6, 20)


def test_the_decode_keeps_its_constants(program):
    module = rebuild.read(program(Detector))
    prune(module, [INPUTS[Detector]], Prune(share=0.5, multiple=4), no_loss)
    (bins,) = [m for m in module.modules() if getattr(m, "out_channels", 0) == 1]
    assert bins.weight.flatten().tolist() == list(range(BINS))


def test_a_u_net_is_pruned_and_keeps_its_shapes(program):
    module, image = rebuild.read(program(UNet)), torch.randn(2, 3, 16, 16)
    whole = torch.export.load(program(UNet)).module(check_guards=False)
    with torch.no_grad():
        torch.testing.assert_close(module(image)[:1], whole(image[:1]))
    before = rebuild.parameters(module)
    prune(module, [INPUTS[UNet]], Prune(share=0.5, multiple=4), no_loss)
    assert rebuild.parameters(module) < 0.3 * before
    ups = [m for m in module.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert [up.out_channels for up in ups] == [16, 8]
    assert module(image).shape == (2, 3, 16, 16)


def test_a_layer_with_another_use_is_left_whole(tmp_path):
    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = torch.nn.Conv2d(3, 8, 1), torch.nn.Conv2d(12, 2, 1)

        def forward(self, x):
            x = self.one(x)
            return self.two(torch.cat([x, x.chunk(2, 1)[0]], 1))

    path = tmp_path / "both.pt2"
    torch.export.save(torch.export.export(Both(), (torch.zeros(1, 3, 4, 4),)), path)
    module = rebuild.read(path)
    assert splits.part(module) == []
    with pytest.raises(BadInput, match="cannot be cut"):
        prune(module, [torch.zeros(1, 3, 4, 4)], Prune(share=0.5, multiple=2), no_loss)

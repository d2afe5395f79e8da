"""Low rank, sparsity, a smaller image and 8-bit rounding: each held to its arithmetic."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.compress import fake_quant, low_rank, rebuild, resize, sparsify
from edgeopt.domain.compression import LowRank, Resize, Sparsify
from edgeopt.domain.errors import BadInput, EdgeoptError
from tests.compress.small_nets import INPUTS, Flattened, Residual

pytestmark = pytest.mark.slow


@given(
    st.lists(st.floats(0.01, 10), min_size=1, max_size=20),
    st.floats(0.05, 0.999),
    st.integers(1, 8),
)
def test_the_rank_keeps_the_energy_and_no_smaller_one_does(values, energy, multiple):
    values = torch.tensor(sorted(values, reverse=True), dtype=torch.float64)
    rank = low_rank.rank_of(values, energy, multiple)
    squares = values**2
    assert rank % multiple == 0 or rank == len(values)
    assert squares[:rank].sum() >= (energy - 1e-9) * squares.sum()
    least = low_rank.rank_of(values, energy, 1)
    assert squares[: least - 1].sum() < energy * squares.sum()


def test_layers_of_low_rank_become_thinner_and_answer_alike(exported):
    module = rebuild.read(exported("Flattened")[1])
    layer = next(m for m in module.children() if getattr(m, "in_features", 0) == 256)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(32, 4) @ torch.randn(4, 256))
    samples = torch.randn(3, 1, 6, 6)
    before, expected = rebuild.parameters(module), module(samples)
    about = low_rank.factor(module, LowRank(energy=0.9999, multiple=2))
    assert about == "1 of 2 linear and 1x1 layers in two"
    assert before - rebuild.parameters(module) == 32 * 256 - 4 * (32 + 256)
    torch.testing.assert_close(module(samples), expected, rtol=1e-3, atol=1e-3)


def test_full_rank_is_said_to_be_full(exported):
    module = rebuild.read(exported("Residual")[1])
    with pytest.raises(EdgeoptError, match="becomes smaller"):
        low_rank.factor(module, LowRank(energy=0.9999))


@given(st.integers(1, 6), st.integers(1, 4), st.floats(0.1, 0.9))
def test_unstructured_takes_the_smallest(rows, fours, share):
    weight = torch.randn(rows, 4 * fours)
    kept = sparsify.mask(weight, Sparsify(share=share)).bool()
    assert (~kept).sum() == int(share * weight.numel())
    if kept.any() and not kept.all():
        assert weight[~kept].abs().max() <= weight[kept].abs().min()


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3, 3)])
def test_two_of_every_four_inputs_stay(shape):
    weight = torch.randn(*shape)
    kept = sparsify.mask(weight, Sparsify(pattern="2:4"))
    fours = kept.movedim(1, -1).reshape(-1, 4)
    assert (fours.sum(1) == 2).all()
    loud = (weight * kept).movedim(1, -1).reshape(-1, 4).abs().sum(1)
    assert (loud >= weight.movedim(1, -1).reshape(-1, 4).abs().sum(1) / 2).all()


def test_two_of_every_four_inputs_of_a_transposed_convolution():
    module = torch.nn.Sequential(torch.nn.ConvTranspose2d(64, 8, 2, 2))
    sparsify.sparsify(module, Sparsify(pattern="2:4"))
    fours = (module[0].weight != 0).movedim(0, -1).reshape(-1, 4)
    assert (fours.sum(1) == 2).all()


def test_sparse_layers_are_found_again_for_training(exported):
    module = rebuild.read(exported("Flattened")[1])
    assert sparsify.zeros_of(module) == {}
    sparsify.sparsify(module, Sparsify(share=0.75))
    found = sparsify.zeros_of(module)
    assert [mask.numel() for mask in found.values()] == [32 * 256]  # the others are small
    assert float(next(iter(found.values())).mean()) == 0.25


def test_a_smaller_image_inside(exported):
    module = rebuild.read(exported("Residual")[1])
    assert resize.resize(module, [INPUTS[Residual]], Resize(share=0.75)) == "images of 9x9 inside"
    assert module(torch.zeros(2, 3, 12, 12)).shape == (2, 5)
    flat = torch.ones(1, 3, 12, 12)
    whole = rebuild.read(exported("Residual")[1])
    torch.testing.assert_close(module(flat).argmax(), whole(flat).argmax())


@pytest.mark.parametrize(
    ("name", "share", "message"),
    [
        ("Flattened", 0.99, "too small"),
        ("Residual", 0.5, "too small"),
        ("Attention", 0.75, "not one image"),
    ],
)
def test_what_takes_no_smaller_image_says_so(exported, name, share, message):
    module = rebuild.read(exported(name)[1])
    example = [t for kind, t in INPUTS.items() if kind.__name__ == name]
    with pytest.raises(BadInput, match=message):
        resize.resize(module, example, Resize(share=share))


def test_an_image_that_is_flattened_is_of_one_size(monkeypatch, exported):
    monkeypatch.setattr(resize, "LEAST_SIDE", 2)
    module = rebuild.read(exported("Flattened")[1])
    with pytest.raises(BadInput, match="one size only"):
        resize.resize(module, [INPUTS[Flattened]], Resize(share=0.75))


@given(st.integers(1, 5), st.integers(1, 9), st.floats(1e-3, 1e3))
def test_a_rounded_weight_is_within_half_a_step(out, into, size):
    weight = torch.randn(out, into) * size
    rounded = fake_quant.round_weight(weight)
    step = weight.abs().amax(1, keepdim=True) / 127
    assert ((rounded - weight).abs() <= 0.51 * step + 1e-6).all()
    assert all(len(row.unique()) <= 255 for row in rounded)


def test_weights_of_a_transposed_convolution_are_rounded_by_output_channel():
    layer = torch.nn.ConvTranspose2d(4, 3, 2, 2)
    with torch.no_grad():
        layer.weight[:, 0] *= 1000
        expected = layer.weight.clone()
        with fake_quant.rounding(layer):
            error = (layer.weight - expected).abs().amax((0, 2, 3))
    assert (error <= 0.51 * expected.abs().amax((0, 2, 3)) / 127 + 1e-6).all()


def test_a_range_widens_at_once_and_narrows_slowly():
    layer = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 0.0]]))
    near, far = torch.tensor([[1.0, -1.0]]), torch.tensor([[8.0, -8.0]])
    with torch.no_grad(), fake_quant.rounding(layer):
        layer(near)
        assert float(layer(far)) == pytest.approx(8, abs=16 / 255)  # nothing is clipped
        errors = [abs(float(layer(near)) - 1) for _ in range(2000)]
        layer.eval()
        assert float(layer(far)) < 2  # and the range is that of `near` again
    assert max(errors[:5]) <= 8 / 255
    assert errors[-1] < 0.01


def test_rounding_lasts_as_long_as_its_context(exported):
    module, samples = rebuild.read(exported("Residual")[1]), torch.randn(4, 3, 12, 12)
    names = set(module.state_dict())
    expected = module(samples)
    with fake_quant.rounding(module):
        rounded = module(samples)
        rounded.sum().backward()
        error = (rounded - expected).abs().max()
        assert 0 < error < expected.abs().max()
    torch.testing.assert_close(module(samples), expected)
    assert set(module.state_dict()) == names
    assert all(p.grad is not None for p in module.parameters())

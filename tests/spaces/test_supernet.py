"""A supernet's subnets are networks of their own, and learn together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeopt.spaces.separable import SeparableShape
from edgeopt.spaces.supernet import Subnet, Supernet, train

SHAPE = SeparableShape(width=16, depth=3)


def made(axes=2, inputs=1):
    torch.manual_seed(0)
    net = Supernet(SHAPE, 4, inputs, axes, widths=(8, 12, 16), depths=(1, 2, 3))
    for norms in net.norms.values():  # as after a training: each width has its own
        for norm in norms:
            torch.nn.init.uniform_(norm.weight, 0.5, 2.0)
            torch.nn.init.normal_(norm.running_mean)
    return net.eval()


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("subnet", [Subnet(8, 1), Subnet(8, 3), Subnet(12, 2), Subnet(16, 3)])
def test_what_is_taken_out_answers_as_it_did_within(axes, subnet):
    net = made(axes, inputs=2)
    x = torch.rand(3, 2, *(11, 9)[:axes])
    with torch.no_grad():
        within, alone = net(x, subnet), net.extract(subnet)
        np.testing.assert_allclose(alone(x).numpy(), within.numpy(), atol=1e-5)
    assert (alone.shape.width, alone.shape.depth) == (subnet.width, subnet.depth)


def test_what_was_taken_out_is_not_changed_by_more_training():
    net = made()
    x = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        alone = net.extract(Subnet(8, 2))
        before = alone(x)
        for parameter in net.parameters():
            parameter.zero_()
        assert torch.equal(alone(x), before)


def test_the_sandwich_has_both_ends():
    net, rng = made(), np.random.default_rng(0)
    taken = [net.sandwich(rng, between=2) for _ in range(30)]
    assert {(one[0], one[1]) for one in taken} == {(Subnet(16, 3), Subnet(8, 1))}
    assert len({subnet for one in taken for subnet in one}) == 9


@pytest.mark.parametrize(
    ("widths", "depths"), [((8,), (3,)), ((16,), (1, 2)), ((16, 20), (3,)), ((0, 16), (3,))]
)
def test_subnets_that_are_no_part_of_it_are_refused(widths, depths):
    with pytest.raises(ValueError, match="must be 1 to"):
        Supernet(SHAPE, 4, 1, 2, widths, depths)


@pytest.mark.slow
def test_all_subnets_learn_at_once():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 512)
    images = rng.normal(0, 0.3, (512, 1, 8, 8)).astype(np.float32)
    for label in range(4):
        images[labels == label, 0, 2 * label : 2 * label + 2] += 1.0
    x, y = torch.from_numpy(images), torch.from_numpy(labels)

    def batches():
        order = torch.from_numpy(rng.permutation(512))
        return ((x[rows], y[rows]) for rows in order.split(64))

    torch.manual_seed(0)
    net = train(Supernet(SHAPE, 4, 1, 2, (8, 16), (1, 3)), batches, epochs=25, between=1)
    for subnet in (Subnet(8, 1), Subnet(8, 3), Subnet(16, 1), Subnet(16, 3)):
        with torch.no_grad():
            right = float((net(x, subnet).argmax(1) == y).float().mean())
        assert right > 0.9, subnet

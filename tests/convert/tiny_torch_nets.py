"""A small net of PyTorch with everything that is awkward for a converter."""

import torch
from torch import nn


class Awkward(nn.Module):
    """Inputs: an image as wide as it has channels, two floats of one shape in no alphabetical
    order, integers. Outputs: an image of that kind again, scores.
    """

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(6, 32, 3, padding=1), nn.Conv2d(32, 6, 3, padding=1)
        self.table = nn.Embedding(11, 36)
        self.wide, self.narrow = nn.Linear(36, 256), nn.Linear(256, 10)

    def forward(self, image, zeta, alpha, ids):
        picture = self.second(self.first(image).relu()).tanh()
        hidden = 2 * zeta - alpha + self.table(ids).mean(1) + picture.mean(1).flatten(1)
        return picture, self.narrow(self.wide(hidden).tanh())


def awkward(path):
    torch.manual_seed(0)
    inputs = (
        torch.zeros(1, 6, 6, 6),
        torch.zeros(1, 36),
        torch.zeros(1, 36),
        torch.zeros(1, 5, dtype=torch.int64),
    )
    torch.export.save(torch.export.export(Awkward().eval(), inputs), str(path))
    return path

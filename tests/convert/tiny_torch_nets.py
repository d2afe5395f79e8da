"""Small nets of PyTorch."""

import torch
from torch import nn


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, padding=1)
        self.second = nn.Conv2d(32, 64, 3, padding=1, stride=2)
        self.head = nn.Linear(64, 10)

    def forward(self, image):
        found = self.second(self.first(image).relu()).relu()
        return self.head(found.mean((2, 3)))


class Mixed(nn.Module):
    """Integers beside floats of one shape, two outputs."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 64)
        self.first, self.second = nn.Linear(64, 256), nn.Linear(256, 64)

    def forward(self, zeta, alpha, ids):
        hidden = self.first(2 * zeta - alpha + self.table(ids)).relu()
        return self.second(hidden), hidden.mean(-1)


class Product(nn.Module):
    """A product that is no nn.Linear."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(64, 48) / 8)

    def forward(self, x):
        return (x @ self.weight).tanh()


class Pictures(nn.Module):
    """An image in, an image of one side out: no shape tells where its channels are."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 6, 1)

    def forward(self, image):
        return self.second(self.first(image).relu()).sigmoid()


NETS = {
    "product": (Product, (torch.zeros(1, 5, 64),)),
    "pictures": (Pictures, (torch.zeros(1, 6, 6, 6),)),
    "conv": (Conv, (torch.zeros(1, 3, 16, 12),)),
    "mixed": (
        Mixed,
        (torch.zeros(1, 6, 64), torch.zeros(1, 6, 64), torch.zeros(1, 6, dtype=torch.int64)),
    ),
}


def export(name, path):
    torch.manual_seed(0)
    make, inputs = NETS[name]
    torch.export.save(torch.export.export(make().eval(), inputs), str(path))
    return path

"""Small nets with what real ones have: residuals, depthwise convolutions, batch norm, dropout."""

import torch
from torch import nn


class Residual(nn.Module):
    """A classifier of [1, 3, 12, 12] images like a small MobileNetV2."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6()
        )
        wide = 3 * width
        self.block = nn.Sequential(
            nn.Conv2d(width, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, 1, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.drop, self.head = nn.Dropout(0.1), nn.Linear(width, 5)

    def forward(self, image):
        image = self.stem(image)
        image = image + self.block(image)
        return self.head(self.drop(image.mean((2, 3))))


class Flattened(nn.Module):
    """A convolution, flattened with a shape that is written down, and two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv, self.wide, self.head = nn.Conv2d(1, 16, 3), nn.Linear(256, 32), nn.Linear(32, 4)

    def forward(self, image):
        hidden = self.conv(image).relu().reshape(1, 256)
        return self.head(self.wide(hidden).relu())


class Attention(nn.Module):
    """One block of a transformer over a table of words; [1, 6] integers in."""

    def __init__(self):
        super().__init__()
        self.table, self.norm = nn.Embedding(20, 32), nn.LayerNorm(32)
        self.ask, self.key, self.value = (nn.Linear(32, 32) for _ in range(3))
        self.wide, self.narrow, self.head = nn.Linear(32, 64), nn.Linear(64, 32), nn.Linear(32, 3)

    def forward(self, words):
        x = self.norm(self.table(words))
        ask, key, value = (
            layer(x).view(1, 6, 4, 8).transpose(1, 2) for layer in (self.ask, self.key, self.value)
        )
        found = ((ask @ key.transpose(2, 3)).softmax(-1) @ value).transpose(1, 2)
        x = x + found.reshape(1, 6, 32)
        return self.head((x + self.narrow(self.wide(x).relu())).mean(1))


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(self.one(x).relu())


class Branching(nn.Module):
    """Control flow that is exported as such."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.layer(x), lambda x: x * 2, (x,))


INPUTS = {
    Residual: torch.zeros(1, 3, 12, 12),
    Flattened: torch.zeros(1, 1, 6, 6),
    Attention: torch.zeros(1, 6, dtype=torch.int64),
    Tied: torch.zeros(1, 8),
    Branching: torch.zeros(1, 4),
}


def export(kind, path):
    """A net with weights of its own and lively batch norms, exported; returns the net, too."""
    torch.manual_seed(0)
    net = kind()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.running_mean, 0, 0.1)
        if isinstance(layer, nn.Linear) and layer.out_features == 5:
            nn.init.normal_(layer.weight, 0, 3.0)
    net.eval()
    torch.export.save(torch.export.export(net, (INPUTS[kind],)), str(path))
    return net

"""Tiny PyTorch modules, each made for one thing that can go right or wrong."""

import torch
from torch import nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.second(self.first(x).relu())


class Tokens(nn.Module):
    """Integers and a scalar in, a dict out."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 5)

    def forward(self, ids, scale):
        rows = self.table(ids) * scale
        return {"mean": rows.mean(1), "rows": (rows, rows.sum())}


class Keyword(nn.Module):
    def forward(self, x, *, shift):
        return x + shift


class Number(nn.Module):
    def forward(self, x, n: int):
        return x * n


class Counted(nn.Module):
    """Answers with a tensor and a plain integer."""

    def forward(self, x):
        return x * 2, 7


class Inverse(nn.Module):
    """ONNX has no operator for it."""

    def forward(self, x):
        return torch.linalg.inv(x)


class Branch(nn.Module):
    """Control flow that depends on the data: cannot be exported."""

    def forward(self, x):
        return x if x.sum() > 0 else -x


class Counter(nn.Module):
    """Answers with how often it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = torch.zeros(1)

    def forward(self, x):
        self.asked += 1
        return x + self.asked


def export(module, path, *inputs, kwargs=None, dynamic=None):
    program = torch.export.export(module.eval(), inputs, kwargs, dynamic_shapes=dynamic)
    torch.export.save(program, str(path))
    return path


class Halves(nn.Module):
    """Half-precision weights, and a type that the code names."""

    def __init__(self, kind=torch.float16):
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 3)
        self.register_buffer("shift", torch.ones(3))
        self.to(kind)
        self.kind = kind

    def forward(self, x):
        hidden = self.first(x).float().softmax(-1).to(self.kind)
        return self.second(hidden + torch.zeros(8, dtype=self.kind)) + self.shift

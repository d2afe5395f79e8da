"""Exported programs of tiny nets, and changes to them."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile

import torch
from torch import nn

PROGRAM = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"


class Net(nn.Module):
    """A convolution, a buffer, a constant, a tied weight, a word as an argument."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 4, 3), nn.Linear(4, 4)
        self.again = nn.Linear(4, 4)
        self.again.weight = self.last.weight
        self.register_buffer("scale", torch.full((4,), 0.5))
        self.shift = torch.tensor([0.1, 0.2, 0.3, 0.4])

    def forward(self, x, way="up"):
        rows = torch.nn.functional.gelu(self.first(x), approximate="tanh").mean((2, 3))
        return {"rows": self.again(self.last(rows)) * self.scale + self.shift, "way": (rows, x)}


class Sizes(nn.Module):
    """Two open sizes that hang together, arithmetic on them, and guards."""

    def forward(self, pair, shift):
        both = torch.cat(pair).reshape(-1, 2)
        return both[: both.shape[0] // 2] + max(pair[0].shape[0], 3), shift * 2


class Branches(nn.Module):
    """Control flow with a weight in one branch; autocast and no_grad beside."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        with torch.no_grad():
            y = torch.cond(x.sum() > 0, lambda a: a * self.weight, lambda a: a - 1, (x,))
        with torch.autocast("cpu", torch.bfloat16):
            z = torch.outer(y, y) @ y
        return torch.vmap(lambda row: row.sum())(z[None])


class Named(nn.Module):
    """Names that are no identifiers, and a branch that is counted."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({"a-b c/d": nn.LSTM(4, 5, batch_first=True)})
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, input):
        self.seen.add_(1)
        return self.parts["a-b c/d"](input)[0] + self.seen


def save(folder):
    """Every net's file, by its class's name."""
    half = torch.export.Dim("rows", min=2, max=64)
    made = {
        "Net": torch.export.export(Net().eval(), (torch.randn(1, 1, 8, 8), "down")),
        "Sizes": torch.export.export(
            Sizes(),
            ((torch.randn(4, 8), torch.randn(6, 8)),),
            {"shift": torch.randn(4)},
            dynamic_shapes={"pair": ({0: half}, {0: torch.export.Dim("more")}), "shift": None},
        ),
        "Branches": torch.export.export(Branches(), (torch.randn(3),)),
        "Named": torch.export.export(Named().eval(), (torch.randn(1, 3, 4),)),
    }
    made["Lowered"] = made["Net"].run_decompositions()
    for name, program in made.items():
        torch.export.save(program, folder / f"{name}.pt2", extra_files={"note.txt": "hello"})
    return {name: folder / f"{name}.pt2" for name in made}


class Archive:
    """The parts of a file, to be changed and written again."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            entries = {i.filename: archive.read(i) for i in archive.infolist()}
        self.root = next(iter(entries)).split("/")[0]
        self.parts = {name.split("/", 1)[1]: data for name, data in entries.items()}

    def json(self, part=PROGRAM):
        return json.loads(self.parts[part])

    def put(self, value, part=PROGRAM):
        self.parts[part] = json.dumps(value).encode()

    def write(self, path, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in self.parts.items():
                archive.writestr(f"{self.root}/{name}", data)
        return path


class Touch:
    """An object whose unpickling makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def pickled(mark, by_torch=True):
    """Bytes that make the file `mark` when they are unpickled."""
    if not by_torch:
        return pickle.dumps(Touch(mark))
    buffer = io.BytesIO()
    torch.save(Touch(mark), buffer)
    return buffer.getvalue()

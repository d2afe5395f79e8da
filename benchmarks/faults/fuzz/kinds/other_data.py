"""Data of other kinds, and functions of the user's own that give it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz.case import Case, optimize, put

KIND = "other_data"

_FILES = {
    "rows.csv": b"x,label\n1,2\n",
    "rows.tsv": b"1\t2\n",
    "rows.json": b"[1, 2]",
    "rows.txt": b"",
    "one.npy": b"\x93NUMPY\x01\0v\0",
    "rows.parquet": b"PAR1",
    "rows.h5": b"\x89HDF\r\n\x1a\n",
    "data.zip": b"PK\x05\x06" + b"\0" * 18,
    "data.tar.gz": b"\x1f\x8b\x08",
    "data": b"x",
    "data.NPZ": b"x",
    "model.onnx.npz": b"\x08\x07",
}

_WORDS = (
    "mine:gone",
    "gone:data",
    "mine:",
    ":data",
    "mine:data:more",
    "mine.data:x",
    "mine:none",
    "mine:text",
    "mine:array",
    "mine:lists",
    "mine:raises",
    "mine:system_exit",
    "mine:recursion",
    "mine:keys",
    "mine:value",
    "mine:needs_arguments",
    "mine:nested",
    "mine:objects",
    "mine:nan",
    "mine:generator",
    "mine:deep_error",
    "mine:long_error",
    "mine:escape_error",
    "mine:empty",
    "syntax:data",
    "exits:data",
    "raises:data",
    "os:getcwd",
    "sys:exit",
    "builtins:dict",
    "json:dumps",
    "http://example.org/data.npz",
    "s3://bucket/data.npz",
    "data.npz,data.npz",
    "data.npz:0",
    "*.npz",
    "~",
    "-",
    "--",
    "@data.npz",
    "%s",
    "{}",
    "[/red]",
    "\x1b[31m",
    "x" * 300,
    "/dev/stdin",
    ".",
    "..",
)

_MINE = """
import numpy as np
def none(): return None
def text(): return "x"
def array(): return np.zeros((80, 8), "f4")
def lists(): return {"x": [[1.0], [1.0, 2.0]], "labels": [0, 1]}
def raises(): raise ValueError("no\\nreason")
def system_exit(): raise SystemExit(7)
def recursion(): return recursion()
keys = {1: 2}
value = 7
def needs_arguments(a, b): return {}
def nested(): return {"x": {"y": np.zeros(3)}}
def objects(): return {"x": np.array([object()] * 80), "labels": np.zeros(80, int)}
def nan(): return {"x": np.full((80, 8), np.nan, "f4"), "labels": np.zeros(80, int)}
def generator(): yield 1
def deep_error(): raise KeyError("x")
def long_error(): raise ValueError("x" * 100000)
def escape_error(): raise ValueError("a\\x1b[31mb\\x07[/red]")
def empty(): return {}
"""


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for name, content in _FILES.items():
        yield Case(KIND, f"file-{name}", put(name, content), optimize(data=name), says=(name,))
    for word in _WORDS:
        yield Case(KIND, f"word-{word[:40]}", _modules, optimize(data=word))
    for word in (
        "mine:gone",
        "gone:metric",
        "mine:",
        "mine:value",
        "mine:none",
        "mine:raises",
        "a:b:c",
    ):
        yield Case(KIND, f"metric-{word}", _modules, optimize(f"--metric={word}"))


def _modules(folder: Path, stock: Path, rng: random.Random) -> None:
    (folder / "mine.py").write_text(_MINE)
    (folder / "syntax.py").write_text("def data(:\n")
    (folder / "exits.py").write_text("import sys; sys.exit(7)\n")
    (folder / "raises.py").write_text("raise RuntimeError('at import')\n")

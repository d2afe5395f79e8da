"""A profile of one's own with the rows that a fault is about: the others only take time."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
name = "only"
title = "Whatever machine runs the case"
summary = "The rows that the fault is about."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{ model = "any", count = 2 }]
threads = [1]

[isa]
features = ["avx2"]
absent = []
basis = "recalled"
source = "what the case asks for"

[match]
features = ["avx2"]
"""

_ROW = """
[[recipes]]
runtime = "{runtime}"
precision = "{precision}"
why = "the case asks for it"
"""

TARGET = "./only.toml"
"""What `write` leaves in the case's folder."""


def write(folder: Path, *rows: tuple[str, str]) -> None:
    """Write `TARGET` with rows (runtime, precision)."""
    rows_text = "".join(_text(runtime, precision) for runtime, precision in rows)
    (folder / TARGET).write_text(_HEAD + rows_text, "utf-8")


def _text(runtime: str, precision: str) -> str:
    text = _ROW.format(runtime=runtime, precision=precision)
    exact = 'options = { INFERENCE_PRECISION_HINT = "f32" }\n'
    return text + (exact if runtime == "openvino" else "")

"""A profile of this machine with fp32 alone: for faults that show in reading or converting."""

from __future__ import annotations

from pathlib import Path

#: As `Case.target`: the profile lies beside the model.
TARGET = "./narrow.toml"

_HEAD = """\
name = "narrow"
title = "Whatever machine this is"
summary = "fp32 alone: quick."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{ model = "any", count = 2 }]
threads = [1]

[isa]
features = ["avx2"]
absent = []
basis = "recalled"
source = "a bench"

[match]
features = ["avx2"]
"""

_ROW = """
[[recipes]]
runtime = "{runtime}"
precision = "fp32"
why = "a bench"
options = {options}
"""


def write(folder: Path, *runtimes: str) -> None:
    """Write the profile with a row for each runtime; OpenVINO computes in 32 bits."""
    exact = {"openvino": '{ INFERENCE_PRECISION_HINT = "f32" }'}
    rows = [_ROW.format(runtime=name, options=exact.get(name, "{}")) for name in runtimes]
    (folder / TARGET).write_text("".join([_HEAD, *rows]), "utf-8")

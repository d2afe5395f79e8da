"""A user's own profile, whole, and what loading a changed one complains of."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput

#: The line numbers in the tests count from its first line.
BOARD = """\
name = "my-board"
title = "My board"
summary = "A board of ours."
arch = "aarch64"
os = "linux"
link = "ssh"
threads = [1, 0]

[[cores]]
model = "cortex-a55"
count = 4
clock_ghz = { value = 1.8, basis = "verified", source = "data sheet" }

[isa]
features = ["asimd", "asimddp"]
absent = ["i8mm"]
basis = "verified"
source = "/proc/cpuinfo"

[match]
board = "My Board"

[[recipes]]
runtime = "litert"
precision = "int8-static"
why = "dot product"

[[recipes]]
runtime = "onnxruntime"
precision = "int8-static"
why = "dot product"
needs_any = ["asimddp"]
otherwise = "no dot product"

[[left_out]]
runtime = "onnxruntime"
precision = "fp16"
reason = "no half precision"
"""


def complaint(path: str) -> str:
    """What loading a file complains of, its folder left off."""
    with pytest.raises(BadInput) as raised:
        targets.load(path)
    return str(raised.value.args[0]).replace(f"{Path(path).parent}/", "")

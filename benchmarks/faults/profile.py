"""A profile of one's own with the rows that a fault is about: the others only take time."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
name = "{name}"
title = "Whatever machine runs the case"
summary = "The rows that the fault is about."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{{ model = "any", count = 2 }}]
threads = [1]

[isa]
features = [{features}]
absent = []
basis = "recalled"
source = "what the case asks for"
"""

_ROW = """
[[recipes]]
runtime = "{runtime}"
precision = "{precision}"
why = "the case asks for it"
"""

TARGET = "./only.toml"
"""What `write` leaves in the case's folder where nothing else is said."""

HERE = 'features = ["avx2"]'
"""What the machine is known by that runs the case."""


def write(
    folder: Path, *rows: tuple[str, str], name: str = "only", match: str | None = HERE
) -> None:
    """Write NAME.toml with rows (runtime, precision).

    Args:
        match: what a machine of the target is known by; None: no machine is, and nothing is timed.
    """
    head = _HEAD.format(name=name, features="" if match is None else '"avx2"')
    known_by = "" if match is None else f"\n[match]\n{match}\n"
    text = head + known_by + "".join(_text(runtime, precision) for runtime, precision in rows)
    (folder / f"{name}.toml").write_text(text, "utf-8")


def _text(runtime: str, precision: str) -> str:
    text = _ROW.format(runtime=runtime, precision=precision)
    exact = 'options = { INFERENCE_PRECISION_HINT = "f32" }\n'
    return text + (exact if runtime == "openvino" else "")

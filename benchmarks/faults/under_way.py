"""What a call is doing, read off its processes: what a kill at that moment meets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

TAG = "EDGEOPT_BENCH_TAG"
"""Every process of a scene has it in its environment."""

#: What a command line shows -> the words for it. The first one that fits.
STEPS = {
    "venv": r" -m venv |ensurepip",
    "pip": r" -m pip install ",
    "pip's build": r"pyproject_hooks|_in_process|time\.sleep\(2\)",
    "onnx2tf": r"/bin/onnx2tf -i ",
    "below onnx2tf": r"time\.sleep\(1\)",
    "runner": r"edgeopt\.runner",
}
JOB = re.compile(r" -m edgeopt\.jobs\.child (\S+)")


def processes(tag: str) -> Iterator[tuple[int, str]]:
    """(number, command line) of those whose environment has a tag, but for the dead."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if f"{TAG}={tag}".encode() not in (folder / "environ").read_bytes():
                continue
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                continue
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        yield int(folder.name), words


def steps(tag: str) -> list[str]:
    """The steps that a call's processes are at, and the functions of its children."""
    return sorted({step for _, line in processes(tag) if (step := _step(line))})


def _step(line: str) -> str:
    if child := JOB.search(line):
        try:
            return str(json.loads(Path(child[1]).read_text("utf-8"))["function"])
        except (OSError, ValueError, LookupError):
            return "a child"
    return next((words for words, shown in STEPS.items() if re.search(shown, line)), "")

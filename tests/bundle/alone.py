"""An environment that holds some installed distributions and nothing else; linked, not copied."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path


def environment(folder: Path, distributions: Iterable[str]) -> Path:
    """Make it; the path of its interpreter. What its programs can import is the standard library

    and these distributions in the versions that are installed here. None of those that they
    depend on comes along: it is named, or it is not there.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in distributions:
        found = metadata.distribution(name)
        heads = {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}
        for head in heads:
            if not (packages / head).exists():
                (packages / head).symlink_to(Path(str(found.locate_file(head))))
    return folder / "bin" / "python"


def held(python: Path) -> set[str]:
    """The distributions that an environment holds, by name."""
    ask = "from importlib import metadata; print(*(d.name for d in metadata.distributions()))"
    command = [python, "-I", "-c", ask]
    return {*subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()}

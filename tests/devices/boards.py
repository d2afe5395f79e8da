"""Pythons as boards have them: without numpy, with numpy alone, too old."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 9)

#: A Python that says it is another version.
PRETENDER = """#!/bin/sh
exec {python} -c '
import sys
sys.version_info = (3, 7, 3)
code = sys.argv[2]
sys.argv = sys.argv[1:2] + sys.argv[3:]
exec(code)' "$@"
"""


def bare(folder: Path) -> str:
    """An environment with the standard library alone; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin" / "python")


def with_numpy(folder: Path) -> str:
    """An environment with numpy and nothing else; its interpreter."""
    python = bare(folder)
    spec = importlib.util.find_spec("numpy")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parents[1]
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    for name in ("numpy", "numpy.libs"):
        if (site / name).exists():
            (packages / name).symlink_to(site / name)
    return python


def too_old(folder: Path) -> str:
    """An interpreter that says it is Python 3.7.3."""
    path = folder / "python3.7"
    path.write_text(PRETENDER.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def oldest() -> str:
    """The oldest Python at hand that the runner supports."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for minor in range(OLDEST[1], sys.version_info[1]):
        name = f"python3.{minor}"
        places = sorted(root.glob(f"versions/3.{minor}.*/bin/{name}"))
        for path in [*map(str, places), shutil.which(name)]:
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                return path
    return sys.executable

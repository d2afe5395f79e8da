"""How large an installation is: a fresh virtual environment for each choice of extras.

    python -m benchmarks.docs.sizes [--place FOLDER]

Builds the wheel, installs it with pip, sums the files of the environment, and runs
`edgeopt --version` and `edgeopt targets` in it. Prints the table of docs/install.md; minutes, and
about a gigabyte of packages. Without `pip` and `setuptools`, which `venv` brings, it is 20 MB less.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHOICES = ("", "litert,onnxruntime")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--place", type=Path, default=None)
    place = parser.parse_args().place
    with tempfile.TemporaryDirectory(prefix="edgeopt-sizes-") as scratch:
        folder = place or Path(scratch)
        _do(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
        (wheel,) = folder.glob("*.whl")
        for extras in CHOICES:
            print(
                f"| `edgeopt{f'[{extras}]' if extras else ''}` | {_size(folder, wheel, extras)} |"
            )


def _size(folder: Path, wheel: Path, extras: str) -> str:
    """What an environment with these extras takes, in MB."""
    there = folder / (extras.replace(",", "-") or "alone")
    _do(sys.executable, "-m", "venv", str(there))
    _do(str(there / "bin" / "pip"), "install", "-q", f"{wheel}{f'[{extras}]' if extras else ''}")
    for words in (["--version"], ["targets"]):
        _do(str(there / "bin" / "edgeopt"), *words)
    size = sum(file.stat().st_size for file in there.rglob("*") if file.is_file())
    return f"{size / 1e6:.0f} MB"


def _do(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

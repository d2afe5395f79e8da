"""Rows of a bench that is gone on with after a stop: one JSON object a line, each with its key."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from edgeopt.runner import sensors

RESULTS = Path(__file__).parent / "results"


class Rows:
    """The rows of a file, and what time is left to add some."""

    def __init__(self, path: Path, hours: float) -> None:
        self.path, self.end = path, time.monotonic() + hours * 3600
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]

    def fill(self, keys: Iterable[tuple[Any, ...]], make: Callable[..., dict[str, Any]]) -> bool:
        """Make the rows that are missing, in this order, until the time ends.

        Returns:
            Whether all are there.
        """
        known = {tuple(row["key"]) for row in self.rows}
        for key in keys:
            if key in known:
                continue
            if time.monotonic() > self.end:
                return False
            began = time.monotonic()
            row = {"key": list(key), **make(*key), "took_s": round(time.monotonic() - began, 1)}
            self.rows.append(row)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row)[:200], file=sys.stderr, flush=True)
        return True


def options(doc: str, name: str) -> argparse.Namespace:
    """What every bench of this folder takes."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0, help="begin no row later")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS / name)
    parser.add_argument("--tasks", nargs="*", default=None)
    return parser.parse_args()


def where() -> dict[str, Any]:
    """The machine and the command of a result."""
    machine = sensors.machine()
    return {
        "command": " ".join(["python -m", *sys.argv]),
        "cpu": machine["cpu_model"],
        "cores": machine["cores"],
        "python": platform.python_version(),
    }


def write(path: Path, found: dict[str, Any]) -> None:
    """A summary beside the rows."""
    path.with_suffix(".json").write_text(json.dumps({**where(), **found}, indent=1) + "\n")
    print(json.dumps(found, indent=1))

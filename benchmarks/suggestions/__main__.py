"""How often the faster form is the suggested one, by published figures and measured here.

    python -m benchmarks.suggestions [--work FOLDER] [--networks GRU ...] [--budget quick|closer]

Writes published.json (seconds) and, with `--work`, measured.json (minutes a network; what a folder
of before holds is taken up).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.suggestions import by_published

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, help="measure the networks; their runs are kept here")
    parser.add_argument("--networks", nargs="*")
    parser.add_argument("--budget", default="quick")
    asked = parser.parse_args()
    _write("published", by_published.told())
    if asked.work is not None:
        _measure(asked.work, asked.networks, asked.budget)


def _measure(work: Path, names: list[str] | None, budget: str) -> None:
    from benchmarks.suggestions import measured, networks

    path = HERE / "measured.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else {"networks": []}
    found = {one["network"]: one for one in before["networks"]}
    for name in names or networks.NAMES:
        found[name] = measured.told(name, work, budget)
        rows = [found[known] for known in networks.NAMES if known in found]
        about = {
            "about": "shares of time, one thread each, interleaved; all on this machine",
            "when": datetime.now(UTC).date().isoformat(),
            "machine": _machine(),
            "budget": budget,
            "within a tenth of the fastest": measured.summary(rows),
        }
        _write("measured", about | {"networks": rows})


def _machine() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if "model name" in line), "")
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, {platform.machine()}, load {load:.1f}"


def _write(name: str, value: dict) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

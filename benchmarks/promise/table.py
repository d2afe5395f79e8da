"""Puts the figures of replay.json into docs/data.md.

python -m benchmarks.promise.table
"""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "data.md"
BEGIN, END = "<!-- promise: begin -->", "<!-- promise: end -->"


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """A row for each kind of metric and rule."""
    lines = [
        "| metric | rule | draws | loses more than allowed | called kept | of these, lose more | "
        "nothing ships | speed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, rules in found.items():
        for rule, row in rules.items():
            draws = row["draws"]
            lines.append(
                f"| {kind} | {rule} | {draws} | {row['broken']} ({row['broken'] / draws:.1%}) | "
                f"{row['held']} | {row['held_broken']} | {row['nothing']} | {row['speed']:.2f} |"
            )
    return "\n".join(lines)


def main() -> None:
    found = json.loads((HERE / "replay.json").read_text())
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}")


if __name__ == "__main__":
    main()

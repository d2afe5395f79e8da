"""Which source format goes through which runtime at which precision, or why not.

    python -m benchmarks.formats.matrix                 # all, about half an hour on two cores
    python -m benchmarks.formats.matrix "MobileNetV3 (.keras)"
    python -m benchmarks.formats.matrix --runtimes ncnn,executorch "MobileNetV3 (.keras)"

Each model goes through `edgeopt.optimize` for a profile with every recipe that no machine is
of: converted, checked and scored, not timed. Writes benchmarks/formats/matrix.json and the
table in docs/formats.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import edgeopt
from benchmarks.formats.models import MODELS
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs import interpreter

HERE = Path(__file__).parent
RESULTS = HERE / "matrix.json"
PAGE = HERE.parents[1] / "docs" / "formats.md"
BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"


def cells(name: str, place: Path, runtimes: str) -> list[dict[str, Any]]:
    """What became of every recipe of these runtimes (all where none is named) for one model."""
    given = MODELS[name](place)
    run = edgeopt.optimize(
        given.model, target=str(_profile(place, runtimes)), data=given.data, max_drop=1.0,
        out=place / "run", progress=_say, **given.options,
    )  # fmt: skip
    return [
        {
            "model": name,
            "runtime": record.runtime,
            "precision": record.precision,
            "works": record.status == "ok",
            "made": record.status == "converted",
            "sqnr_db": record.parity.sqnr_db if record.parity else None,
            "max_abs": record.parity.max_abs if record.parity else None,
            "why": record.reason,
            "notes": list(record.notes),
        }
        for record in run.records
    ]


def _profile(place: Path, runtimes: str) -> Path:
    """The profile with the recipes of some runtimes only."""
    text = (HERE / "every-recipe.toml").read_text("utf-8")
    head, *recipes = text.split("[[recipes]]\n")
    wanted = [one for one in recipes if not runtimes or _runtime(one) in runtimes.split(",")]
    path = place / "every-recipe.toml"
    path.write_text("[[recipes]]\n".join([head, *wanted]), "utf-8")
    return path


def _runtime(recipe: str) -> str:
    return recipe.partition('runtime = "')[2].partition('"')[0]


def _say(what: str, done: int = 0, total: int = 0) -> None:
    print(f"  {what}", file=sys.stderr)


def table(found: list[dict[str, Any]]) -> str:
    """The matrix as Markdown, with the reasons below it."""
    models = [name for name in MODELS if any(cell["model"] == name for cell in found)]
    by_place = {(c["runtime"], c["precision"], c["model"]): c for c in found}
    order = ["fp32", "fp16", "bf16", "int8-static", "int8-dynamic", "int8-weights", "as-is"]
    rows = sorted({key[:2] for key in by_place}, key=lambda row: (row[0], order.index(row[1])))
    reasons: list[str] = []
    lines = [
        "| | " + " | ".join(models) + " |",
        "|---" * (len(models) + 1) + "|",
    ]
    for runtime, precision in rows:
        texts = [_text(by_place.get((runtime, precision, name)), reasons) for name in models]
        lines.append(f"| `{runtime}` {precision} | " + " | ".join(texts) + " |")
    works = [cell for cell in found if cell["works"]]
    near = sum(cell["sqnr_db"] is None or cell["sqnr_db"] >= 20 for cell in works)
    lines += ["", f"{len(works)} of {len(found)} work, {near} of them with 20 dB or more. "]
    made = sum(cell.get("made", False) for cell in found)
    lines[-1] += f"{made} more are made and read back (Core ML runs elsewhere). " if made else ""
    lines[-1] += "Why the others do not:"
    lines.append("")
    return "\n".join([*lines, *(f"{i}. {why}" for i, why in enumerate(reasons, 1))])


def _text(cell: dict[str, Any] | None, reasons: list[str]) -> str:
    if cell is None:
        return ""
    if cell.get("made"):
        return "made"
    if cell["works"]:
        return "exact" if cell["sqnr_db"] is None else f"{cell['sqnr_db']:.0f}"
    why = re.sub(r"/\S*/", "", cell["why"]).replace("|", "\\|")
    why = why.partition("; this source is ")[0]  # the column says it
    if why not in reasons:
        reasons.append(why)
    return f"({reasons.index(why) + 1})"


def write_page(found: list[dict[str, Any]]) -> None:
    """Put the table between the marks of docs/formats.md."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", "utf-8")


def main() -> None:
    """Fill the matrix anew for the models named, or for all."""
    if "--cells" in sys.argv:
        name, place, runtimes = sys.argv[2:]
        Path(place, "cells.json").write_text(json.dumps(cells(name, Path(place), runtimes)))
        return
    names, runtimes = sys.argv[1:], ""
    if "--runtimes" in names:
        place_of = names.index("--runtimes")
        runtimes = names[place_of + 1]
        del names[place_of : place_of + 2]
    for name in names or MODELS:
        print(name, file=sys.stderr)
        found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
        # A process each: TensorFlow and PyTorch need not share one.
        with tempfile.TemporaryDirectory() as place:
            asked = ("benchmarks.formats.matrix", "--cells", name, place, runtimes)
            command = interpreter.command("-m", *asked)
            subprocess.run(command, check=True, env=interpreter.environment())
            new = json.loads(Path(place, "cells.json").read_text("utf-8"))
        anew = {cell["runtime"] for cell in new}
        found = [c for c in found if c["model"] != name or c["runtime"] not in anew] + new
        found.sort(key=lambda cell: list(MODELS).index(cell["model"]))
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    write_page(json.loads(RESULTS.read_text("utf-8")))


if __name__ == "__main__":
    try:
        main()
    except EdgeoptError as error:
        sys.exit(str(error))

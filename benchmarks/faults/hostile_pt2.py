"""Code in every place of a .pt2 file where a text, a name or a pickle may stand: how often it runs.

    python -m benchmarks.faults.hostile_pt2                 # a few minutes on two cores
    python -m benchmarks.faults.hostile_pt2 --draws 20 --seed 1

Five nets of the tests, as `torch.export.save` writes them. Each text of the program gets code in
its place, in six wrappings; `--draws` of all values of each net are replaced by values of other
kinds. A file that is not refused is read, made into a module and run. Writes
benchmarks/faults/hostile_pt2.json: what came of them by kind. Exit status 1 where anything ran.
"""

from __future__ import annotations

import argparse
import collections
import json
import logging
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_suffix(".json")

WRAPPED = ("{}", "' or {} or '", '"); {}; ("', "x\n    {}\n    y", "{}.x", "Symbol('s1', x={})")
OTHERS = (None, True, -1, 10**30, 1e308, "", "x", [], {}, [[]], {"as_int": "x"}, "__class__")


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value of decoded JSON that holds no other."""
    items = value.items() if isinstance(value, dict) else ()
    for key, item in items if items else enumerate(value if isinstance(value, list) else ()):
        yield from places(item, (*way, key))
    if not isinstance(value, (dict, list)):
        yield way


def at(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        value = value[step]
    return value


def kind(way: tuple[Any, ...]) -> str:
    """The names on a way: places that differ in their number are of one kind."""
    return ".".join(step for step in way if isinstance(step, str))[-60:]


def outcome(path: Path, mark: Path, inputs: Any) -> str:
    """What becomes of a file: "refused", "PyTorch refuses", "read", or "RAN"."""
    from edgeopt.runtimes import exported

    try:
        exported.check(str(path))
        program = exported.load(str(path))
        program.module()(*inputs[0], **inputs[1])
        found = "read"
    except (exported.NeedsTrust, exported.Damaged, exported.NoProgram):
        found = "refused"
    except Exception:
        found = "PyTorch refuses"
    return "RAN" if mark.exists() else found


def changes(archive: Any, code: str, draws: random.Random, count: int) -> Iterator[tuple[str, Any]]:
    """(kind, the program with one change)."""
    program = archive.json()
    ways = list(places(program))
    for way in ways:
        if isinstance(at(program, way), str):
            for wrapped in WRAPPED:
                yield kind(way), (way, wrapped.format(code))
    for way in draws.sample(ways, min(count, len(ways))):
        yield "drawn", (way, draws.choice(OTHERS))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--once", action="store_true", help="one place of each kind")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # PyTorch tells each refusal twice
    import torch

    from tests.runtimes.exported import archives

    torch.set_num_threads(1)
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    draws, ran = random.Random(asked.seed), []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        mark = folder / "mark"
        code = f"__import__('os').system('touch {mark}')"
        for name, path in archives.save(folder).items():
            inputs, seen = torch.export.load(str(path)).example_inputs, set()
            for what, (way, text) in changes(archives.Archive(path), code, draws, asked.draws):
                if asked.once and what != "drawn" and (what, text) in seen:
                    continue
                seen.add((what, text if isinstance(text, str) else ""))
                changed = archives.Archive(path)
                program = changed.json()
                at(program, way[:-1])[way[-1]] = text
                changed.put(program)
                found = outcome(changed.write(folder / "changed.pt2"), mark, inputs)
                counts[what][found] += 1
                if found == "RAN":
                    ran.append([name, *map(str, way), str(text)])
                    mark.unlink()
            print(name, sum(sum(c.values()) for c in counts.values()), "cases", flush=True)
    total = sum(counts.values(), collections.Counter())
    result = {"seed": asked.seed, "total": total, "ran": ran, "by_kind": counts}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(dict(total))
    return 1 if ran else 0


if __name__ == "__main__":
    sys.exit(main())

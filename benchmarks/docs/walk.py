"""Runs the commands of the pages as a reader would type them, page by page, in one folder each.

    python -m benchmarks.docs.walk [PAGE ...] [--left] [--place runs/docs] [--models runs/tasks]
        [--out FILE]

Only what `commands.toml` calls `quick`, `long` or `stand-in` is run; `benchmarks.docs.world` makes
what a command needs. A page of `BOARDS` has a board (`benchmarks.docs.board`); on the others no
device is known, and targets other than this machine's are converted and scored. FILE is written
after each command; a page that is named is walked again, with `--left` only its commands that never
ended as they should. Some hours on two cores. Exit code 1: a command did not end as it
should.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.docs import commands, world
from benchmarks.docs.board import BOARDS, Board
from benchmarks.one_of import one_of
from edgeopt.jobs import interpreter
from edgeopt.pipeline.run_environment import environment, local_machine

#: Exit codes that a command may have: `doctor` says what the machine is like.
FINE = {"edgeopt doctor": (0, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    names = {str(path.relative_to(commands.ROOT)): path for path in commands.pages()}
    parser.add_argument("pages", nargs="*", type=one_of(names))
    parser.add_argument("--left", action="store_true")
    parser.add_argument("--place", type=Path, default=Path("runs/docs"))
    parser.add_argument("--models", type=Path, default=Path("runs/tasks"))
    parser.add_argument("--out", type=Path, default=commands.WALKED)
    options = parser.parse_args()
    found = json.loads(options.out.read_text()) if options.out.exists() else {"v": 1}
    done = found.setdefault("commands", {})
    found["environment"] = environment(local_machine())
    bad = []
    for name in options.pages or names:
        folder = (options.place / name.replace("/", "-").removesuffix(".md")).resolve()
        all_there = commands.commands(names[name].read_text("utf-8"))
        mine = [one for one in all_there if _ours(one, name)]
        if options.left:
            mine = [one for one in mine if not _fine(one, done.get(one))]
        if mine:
            world.make(folder, names[name], options.models)
        with _board(name, folder, mine) as board:
            for command in mine:
                done[command] = _run(command, folder, board)
                options.out.write_text(json.dumps(found, indent=1) + "\n")
                print(f"{name}: {command}\n  {done[command]}", flush=True)
                if not _fine(command, done[command]):
                    bad.append(command)
    print(f"{len(bad)} ended otherwise than they should" + "".join(f"\n  {one}" for one in bad))
    return bool(bad)


def _fine(command: str, found: dict[str, float] | None) -> bool:
    return found is not None and found["rc"] in FINE.get(command, (0,))


def _ours(command: str, page: str) -> bool:
    ways = {"quick", "long", *(["stand-in"] if page in BOARDS else [])}
    row = commands.table().get(command)
    return row is not None and row["how"] in ways and not commands.usage(command)


@contextlib.contextmanager
def _board(page: str, folder: Path, mine: list[str]) -> Iterator[Board | None]:
    """The page's board, where one of its commands needs it; None where none does."""
    if not any(commands.table()[one]["how"] == "stand-in" for one in mine):
        yield None
        return
    board = Board(folder / "board", BOARDS[page], folder / "bin")
    try:
        yield board
    finally:
        board.stop()


def _run(command: str, folder: Path, board: Board | None) -> dict[str, float]:
    """Through a shell, with this Python first on the path."""
    world.ready(command, folder)
    own = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "EDGEOPT_CONFIG": str(folder / "config"),
        "EDGEOPT_RESULTS": str(folder / "results"),
        "COLUMNS": "80",
    }
    began = time.monotonic()
    with (folder / "walk.log").open("a") as log:
        log.write(f"\n$ {command}\n")
        log.flush()
        argv = ["bash", "-c", board.typed(command) if board else command]
        env = {**interpreter.environment(), **own}
        rc = subprocess.run(argv, cwd=folder, env=env, stdout=log, stderr=log).returncode
    return {"rc": rc, "seconds": round(time.monotonic() - began)}


if __name__ == "__main__":
    sys.exit(main())

"""The folder of a finished run, each file damaged, then read by every command that reads runs."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.faults.fuzz import jsons
from benchmarks.faults.fuzz.case import Case, optimize

KIND = "run_folders"
Change = Callable[[Path], None]

_COMMANDS = {
    "report": ("report", "run"),
    "compare": ("compare", "run"),
    "report-json": ("report", "run", "--json"),
    "explain": ("explain", "run"),
    "again": optimize(),
}


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    run = stock / "run"
    for path in sorted(run.rglob("*")):
        name = str(path.relative_to(run))
        if path.is_file() and path.suffix in (".json", ".jsonl"):
            yield from _damaged(name, path.read_bytes(), rng)
        if not name.startswith("logs"):
            yield from _replaced(name, rng)


def _damaged(name: str, whole: bytes, rng: random.Random) -> Iterator[Case]:
    """Every unreadable form, and values of other types."""
    lines = whole.splitlines() if name.endswith(".jsonl") else [whole]
    own = name in ("run.json", "results.jsonl")
    commands = [*_COMMANDS] if own else ["report", "again"]
    for what, content in jsons.unreadable(lines[0], rng):
        command = commands[len(what) % len(commands)]
        yield _case(f"{name}-{what}-{command}", command, _write(name, content, lines[1:]))
    for what, content in jsons.swapped(lines[0], rng, 60 if own else 16):
        command = commands[rng.randrange(len(commands))]
        yield _case(f"{name}-{what}-{command}", command, _write(name, content, lines[1:]))


def _replaced(name: str, rng: random.Random) -> Iterator[Case]:
    """Not there, a folder, a link that leads nowhere."""
    for what, change in _REPLACED.items():
        command = rng.choice([*_COMMANDS])
        yield _case(f"{name}-{what}-{command}", command, lambda run, c=change: c(run / name))


def _write(name: str, first: bytes, rest: list[bytes]) -> Change:
    return lambda run: (run / name).write_bytes(b"\n".join([first, *rest])) and None


def _case(name: str, command: str, change: Change) -> Case:
    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        shutil.copytree(stock / "run", folder / "run")
        change(folder / "run")

    words = _COMMANDS[command]
    return Case(KIND, name.replace("/", "_"), make, words, right="orderly", says=("run",))


def _gone(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _folder(path: Path) -> None:
    _gone(path)
    path.mkdir()


def _file(path: Path) -> None:
    _gone(path)
    path.write_text(json.dumps({}))


def _dangling(path: Path) -> None:
    _gone(path)
    path.symlink_to("gone")


def _loop(path: Path) -> None:
    _gone(path)
    path.symlink_to(path.name)


_REPLACED: dict[str, Change] = {
    "gone": _gone,
    "folder": _folder,
    "file": _file,
    "dangling": _dangling,
    "loop": _loop,
}

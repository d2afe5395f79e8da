"""The classes of inputs, one a file: `cases(stock, rng)` yields those of one class."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz.case import Case

#: Commands that take no time, whatever they are given.
_SHORT = ("report", "targets", "devices")


def names() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def cases(seed: int, stock: Path, wanted: str = "") -> Iterator[Case]:
    """All cases of a seed, class by class; each id is there once.

    Args:
        wanted: of this class alone.
    """
    seen: set[str] = set()
    for name in [wanted] if wanted else names():
        made = importlib.import_module(f"{__name__}.{name}").cases(
            stock, random.Random(f"{seed}/{name}")
        )
        for case in made:
            if case.id not in seen:
                seen.add(case.id)
                yield case


def drawn(seed: int, stock: Path, count: int) -> list[Case]:
    """As many cheap cases from each class as from any other, `count` in all.

    A case that may well do its work takes seconds to do it: those are left to the whole bench.
    """
    rng = random.Random(seed)
    by_kind: dict[str, list[Case]] = {}
    for case in cases(seed, stock):
        if case.cheap and (case.right == "refused" or case.words[0] in _SHORT):
            by_kind.setdefault(case.kind, []).append(case)
    for found in by_kind.values():
        rng.shuffle(found)
    turns = range(max(map(len, by_kind.values())))
    in_turn = [found[turn] for turn in turns for found in by_kind.values() if turn < len(found)]
    return in_turn[:count]

"""What recorded times say of a moment, of a form and of chance: for replays that are interleaved.

A schedule of `optimize` has all of its forms alive at once: a minute in which others use the
machine slows all of them, and comparisons within the schedule do not see it. The forms of a grid
were recorded in a few schedules, one after the other (`within_grid.TOGETHER`). Drawing each form's
times as they were recorded would put the bad minute of one schedule on its forms alone, and would
judge forms by it that were not there.

So the logarithm of a block's time is taken apart: that of the form, that of the round of its
schedule (the median of what all forms there were off by), and what is left. A drawn launch has one
moment for all its forms, and of each schedule what is left in one launch and the same rounds.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.search.within_grid import TOGETHER, Grid
from edgeopt.domain.recipe import Recipe

Floats = NDArray[np.float64]
#: By recipe id: the medians of the blocks of each launch [launches][rounds], microseconds.
Blocks = dict[str, list[Floats]]
POLISHED = 5  # times: medians of rows and of columns in turn settle after two or three


@dataclass(frozen=True)
class Schedule:
    """One recorded schedule.

    Attributes:
        common: [launches, rounds]: by what all forms were off. left: of each form besides,
            [launches, rounds], by recipe id. All are logarithms.
    """

    common: Floats
    left: dict[str, Floats]


@dataclass(frozen=True)
class Noise:
    """Of a grid.

    Attributes:
        us: of each form, without the moments in which it ran, by recipe id.
        schedules: as they were recorded. of: which of them a form was in, by recipe id.
    """

    us: dict[str, float]
    schedules: tuple[Schedule, ...]
    of: dict[str, int]

    def launch(
        self, rng: np.random.Generator, recipes: Sequence[Recipe], rounds: int
    ) -> list[Floats]:
        """Blocks [rounds] of each, of one launch that all of them share, microseconds."""
        moment = int(rng.integers(len(self.schedules)))
        drawn = [self._drawn(rng, one, rounds) for one in self.schedules]
        common = self.schedules[moment].common[drawn[moment]]
        return [
            self.us[r.id] * np.exp(common + self.schedules[own].left[r.id][drawn[own]])
            for r in recipes
            for own in (self.of[r.id],)
        ]

    def _drawn(
        self, rng: np.random.Generator, schedule: Schedule, rounds: int
    ) -> tuple[int, NDArray[np.intp]]:
        launches, recorded = schedule.common.shape
        return int(rng.integers(launches)), rng.integers(0, recorded, rounds)


@functools.cache
def of(grid: Grid) -> Noise:
    """See the module's head."""
    us: dict[str, float] = {}
    found, place = [], {}
    for number, members in enumerate(_together(grid)):
        logs = np.log([grid.timed[key].blocks_us for key in members])
        centres, common = _polished(logs)
        left = logs - centres[:, None, None] - common
        found.append(Schedule(common, dict(zip(members, left, strict=True))))
        us |= dict(zip(members, np.exp(centres).tolist(), strict=True))
        place |= dict.fromkeys(members, number)
    return Noise(us, tuple(found), place)


@dataclass(frozen=True)
class AsRecorded(Noise):
    """Each form's times as they were recorded, whatever happened in that minute.

    For comparison alone: forms of two schedules then have two minutes in one launch.
    """

    blocks_us: dict[str, Floats] = field(default_factory=dict)

    def launch(
        self, rng: np.random.Generator, recipes: Sequence[Recipe], rounds: int
    ) -> list[Floats]:
        """See `Noise.launch`."""
        [number] = rng.integers(len(self.schedules[0].common), size=1)
        return [rng.choice(self.blocks_us[recipe.id][number], rounds) for recipe in recipes]


@functools.cache
def as_recorded(grid: Grid) -> Noise:
    """With the medians of all blocks as the true times."""
    blocks = {key: np.array(one.blocks_us) for key, one in grid.timed.items()}
    us = {key: float(np.median(one)) for key, one in blocks.items()}
    return AsRecorded(us, of(grid).schedules, of(grid).of, blocks)


def _together(grid: Grid) -> list[list[str]]:
    """Recipe ids of each schedule, as `within_record` made them; the first one is in all."""
    alive = [
        recipe.id
        for recipe in grid.recipes
        if recipe.session_id in grid.answered and grid.answered[recipe.session_id].right
    ]
    first, others = alive[:1], alive[1:]
    found = []
    for start in range(0, max(1, len(others)), TOGETHER):
        some = others[start : start + TOGETHER]
        found.append([key for key in [*(first if not start else []), *some] if key in grid.timed])
    return [some for some in found if some]


def _polished(logs: Floats) -> tuple[Floats, Floats]:
    """(of each form, [forms]; of each round, [launches, rounds], around 0) of [forms, ...]."""
    centres = np.median(logs, axis=(1, 2))
    common = np.zeros(logs.shape[1:])
    for _ in range(POLISHED):
        common = np.median(logs - centres[:, None, None], axis=0)
        common -= np.median(common)
        centres = np.median(logs - common, axis=(1, 2))
    return centres, common

"""A full grid of one workload as a value: what every candidate took, scored and ran at."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.score import Score
from edgeopt.pipeline.evaluator import PATIENCE_S
from edgeopt.search.usual import Family

NAMES = (
    "digits-cnn", "digits-mlp", "spoken-digits-cnn", "spoken-digits-transformer", "digits-mobile",
)  # fmt: skip
FAMILIES: dict[str, Family] = {
    "digits-cnn": "convolutions",
    "digits-mlp": "other",
    "spoken-digits-cnn": "convolutions",
    "spoken-digits-transformer": "other",
    "digits-mobile": "convolutions",
}
PLACE = Path(__file__).parent / "within_grids"
#: Sessions alive at once when a grid is recorded, so that memory suffices, beside one that is in
#: every schedule.
TOGETHER = 30


class Known(Recipe, frozen=True, dict=True):
    """A recipe whose identities are worked out once: a replay asks for them thousands of times."""

    @functools.cached_property
    def id(self) -> str:
        return super().id

    @functools.cached_property
    def conversion_id(self) -> str:
        return super().conversion_id

    @functools.cached_property
    def session_id(self) -> str:
        return super().session_id


class Made(msgspec.Struct, frozen=True):
    """One artifact. `why`: why there is none, "" where there is."""

    seconds: float
    size_bytes: int = 0
    why: str = ""


class Answered(msgspec.Struct, frozen=True):
    """One session's answers.

    Attributes:
        few_s: for opening and the first few of the samples. all_s: for all of them.
        right: a "1" or "0" for each sample; "" where `why` it has none.
    """

    few_s: float
    all_s: float = 0.0
    right: str = ""
    why: str = ""

    @property
    def scoring_s(self) -> float:
        """As `optimize` scores: what is slow is scored on fewer samples."""
        return min(self.all_s, PATIENCE_S) or self.few_s


class Timed(msgspec.Struct, frozen=True):
    """One candidate in the schedule of all.

    Attributes:
        seconds: of one launch. blocks_us: median of each block [launches][rounds], microseconds.
    """

    seconds: float
    blocks_us: list[list[float]]


class Grid(msgspec.Struct, frozen=True, eq=False):
    """See the module's head.

    Attributes:
        made, answered, timed: by conversion id, session id and recipe id.
        source: "1" and "0", as `Answered.right`. begin_s: until the first candidate.
        usual: recipes that `optimize` lists; `recipes` has their other settings and integers, too.
    """

    workload: str
    how: str
    target: str
    features: list[str]
    cores: int
    begin_s: float
    source: str
    usual: list[str]
    recipes: list[Known]
    made: dict[str, Made]
    answered: dict[str, Answered]
    timed: dict[str, Timed]
    score: Score | None = None

    @property
    def seconds(self) -> float:
        """What trying all of it takes, each conversion and each session's score once."""
        return (
            self.begin_s
            + sum(one.seconds for one in self.made.values())
            + sum(one.scoring_s for one in self.answered.values())
            + sum(one.seconds * len(one.blocks_us) for one in self.timed.values())
        )


def read(name: str) -> Grid:
    return msgspec.json.decode((PLACE / f"{name}.json").read_bytes(), type=Grid)

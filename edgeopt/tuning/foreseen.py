"""Which question a build asks next, by what the builds before it asked.

It is known where every build that was told the same so far went on alike, or, of values that none
was told yet, where all that asked the same so far did. Wrong is cheap: see `provisional.py`.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

AFTER = 3
"""So many builds have to have gone on alike, where none was told the same values."""

NOTHING = ""
Told = tuple[str, Any]
"""A question (`suggestion.worded`), and its answer."""


@dataclass
class Foreseen:
    """See the module's head."""

    _after_same: dict[tuple[str, ...], collections.Counter[str]] = field(default_factory=dict)
    _after_alike: dict[tuple[str, ...], collections.Counter[str]] = field(default_factory=dict)

    def learn(self, told: Sequence[Told]) -> None:
        """All that a build asked, in its order; it is done."""
        for count in range(len(told) + 1):
            then = told[count][0] if count < len(told) else NOTHING
            before = told[:count]
            for known, key in (
                (self._after_same, _same(before)),
                (self._after_alike, _alike(before)),
            ):
                known.setdefault(key, collections.Counter())[then] += 1

    def next(self, told: Sequence[Told]) -> str:
        """What is asked after this; NOTHING: nothing is, or it is not known."""
        known = self._after_same.get(_same(told))
        if known is None:
            known = self._after_alike.get(_alike(told), collections.Counter())
            if known.total() < AFTER:
                return NOTHING
        return next(iter(known)) if len(known) == 1 else NOTHING


def _same(told: Sequence[Told]) -> tuple[str, ...]:
    return tuple(json.dumps(one) for one in told)


def _alike(told: Sequence[Told]) -> tuple[str, ...]:
    return tuple(question for question, _ in told)

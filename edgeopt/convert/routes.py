"""Routes from one source to one artifact, tried in their order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from edgeopt import runtimes
from edgeopt.convert import matching
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs.told import reason

T = TypeVar("T")

LEAST = 0.01
"""Squared error over squared answer (20 dB) beyond which a route computed something else. What is
nearer is left to parity, whose limits are those of the precision."""


@dataclass(frozen=True)
class Route(Generic[T]):
    """A route, by the name of its tool."""

    name: str
    make: Callable[[], T]


@dataclass(frozen=True)
class Done(Generic[T]):
    """What the first route that succeeded gave back; notes say which, and why others failed."""

    result: T
    notes: tuple[str, ...]


def first(routes: Sequence[Route[T]], check: Callable[[], None] = lambda: None) -> Done[T]:
    """Take the first route that makes something and whose result passes a check.

    The last route's result is not checked: parity judges it, and says how far off it is.

    Raises:
        EdgeoptError: none does; it says why, route by route. Of one route alone: its own error.
    """
    failed: list[str] = []
    hints: list[str] = []
    for route in routes:
        try:
            result = route.make()
            if route is not routes[-1]:
                check()
        except Exception as error:
            if len(routes) == 1:
                raise
            hints.append(error.hint if isinstance(error, EdgeoptError) else "")
            failed.append(reason(error, route.name))
            continue
        told = f"made by {route.name}; another route failed ({'; '.join(failed)})"
        return Done(result, (told[:400],) if failed else ())
    raise EdgeoptError("; ".join(failed), next(filter(None, hints), ""))


def check(job: Job, path: Path, permutes: dict[str, tuple[int, ...]]) -> None:
    """Ask a float artifact and the source about one sample.

    Raises:
        EdgeoptError: its answers are others, or no tensors of it can be matched.
    """
    samples, expected = matching.asked(job)
    sample, theirs = samples[0], expected[0]
    session = runtimes.load(job.recipe.runtime).open_session(str(path), 1, job.recipe.options)
    with contextlib.closing(session):
        inputs, outputs = matching.bound(job, session, permutes)
        own = matching.read(outputs, session.run(matching.fed(inputs, sample)))
    # Classes have no distance: where two are nearly as likely, either may be answered.
    floats = [name for name, array in theirs.items() if array.dtype.kind == "f"]
    off = {name: matching.distance({name: own[name]}, {name: theirs[name]}) for name in floats}
    worst = max(off, key=lambda name: off[name], default="")
    if worst and off[worst] > LEAST:
        decibels = 10 * np.log10(1 / off[worst])
        raise EdgeoptError(
            f"output {worst!r} of what it made is {decibels:.1f} dB from the source's"
        )

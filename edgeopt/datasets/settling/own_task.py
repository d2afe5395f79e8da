"""The user's own task, called with care: what it raises or returns amiss names it, and ends no run.

Each call of the user's code goes through `function.call`: an exception becomes a BadInput that says
in which method it was. Contributions may be a plain array, one value a sample: their mean counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.datasets import function
from edgeopt.datasets.own_samples import Combination, number
from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Contributions, Floats, Table, Weights, as_floats
from edgeopt.tasks.counted import mean
from edgeopt.tasks.task import Judged, Measure, Outputs


@dataclass(frozen=True)
class OwnTask:
    """See `task.Task`. `reference`: `module:Class`. `found`: what it made."""

    reference: str
    found: Any

    @property
    def name(self) -> str:
        """What the user calls it."""
        return str(self.found.name)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those of the user's.

        Raises:
            BadInput: they are none.
        """
        found = self.found.measures
        try:
            measures = tuple(found)
        except TypeError:
            measures = ()
        if not measures or not all(isinstance(one, Measure) for one in measures):
            raise BadInput(
                f"{self.reference}.measures is {type(found).__name__} and names no measure",
                "It is a tuple of edgeopt.tasks.task.Measure, the first is the default.",
            )
        return measures

    def answers(self, outputs: Outputs, contexts: Sequence[Any]) -> Any:
        """See the protocol."""
        return self._called("answers", outputs, contexts)

    def truths_of(self, answers: Any) -> Any:
        """See the protocol."""
        return self._called("truths_of", answers)

    def shown(self, answers: Any) -> Any:
        """What of the answers is shown: all, where the user's task says nothing."""
        return self._called("shown", answers) if hasattr(self.found, "shown") else answers

    def judged(self, answers: Any, truths: Any) -> OwnJudged:
        """See the protocol."""
        return OwnJudged(self.reference, self._called("judged", answers, truths))

    def _called(self, method: str, *arguments: Any) -> Any:
        return function.call(f"{self.reference}.{method}", getattr(self.found, method), *arguments)


@dataclass(frozen=True)
class OwnJudged:
    """See `task.Judged`. `found`: what the user's `judged` gave."""

    reference: str
    found: Judged

    def contributions(self, measure: str) -> Contributions:
        """What each sample adds to a measure.

        Raises:
            KeyError: the task has no such measure. BadInput: it failed, or gave no contributions.
        """
        name = f"{self.reference}: contributions({measure!r})"
        # Where a measure is not of this kind of truth a task raises KeyError, as the protocol says.
        found = _keyed(name, self.found.contributions, measure)
        if isinstance(found, np.ndarray | list | tuple):
            rows = Combination(name, None).checked(found, len(found))
            return mean(rows.astype(np.float64))
        if not hasattr(found, "value") or not hasattr(found, "__len__"):
            raise BadInput(
                f"{name} gave {type(found).__name__}",
                "Give an array of one value a sample, or something with __len__ and "
                "value(weights), such as edgeopt.tasks.counted.mean(values).",
            )
        return OwnContributions(name, found)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """The user's tables; none where there is no such method."""
        own = getattr(self.found, "slices", None)
        found = (
            {} if own is None else _keyed(f"{self.reference}: slices({measure!r})", own, measure)
        )
        return {by: OwnTable(f"{self.reference}: {by}", table) for by, table in found.items()}


@dataclass(frozen=True)
class OwnContributions:
    """See `contributions.Contributions`."""

    name: str
    found: Contributions

    def __len__(self) -> int:
        return len(self.found)

    def value(self, weights: Weights = None) -> float:
        """See the protocol.

        Raises:
            BadInput: it failed, or gave no number.
        """
        try:
            found = self.found.value(as_floats(weights, len(self)))
        except Exception as error:  # the user's own code
            raise _failed(f"{self.name}.value", error) from error
        return number(f"{self.name}.value", found)


@dataclass(frozen=True)
class OwnTable:
    """See `contributions.Table`. Without `there` each sample has all values."""

    name: str
    found: Any

    @property
    def names(self) -> tuple[str, ...]:
        """Of the k values."""
        return tuple(map(str, self.found.names))

    def __len__(self) -> int:
        return len(self.found)

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, k]."""
        every = np.ones((len(self), len(self.names)), bool)
        return np.asarray(getattr(self.found, "there", every), bool)

    def values(self, weights: Weights = None) -> Floats:
        """[k].

        Raises:
            BadInput: it failed, or gave something else than a number for each name.
        """
        try:
            found = np.asarray(self.found.values(as_floats(weights, len(self))), np.float64)
        except Exception as error:  # the user's own code
            raise _failed(f"{self.name}.values", error) from error
        if found.shape != (len(self.names),):
            raise BadInput(
                f"{self.name}.values gave shape {list(found.shape)} for {len(self.names)} names"
            )
        return found


def _keyed(name: str, method: Any, measure: str) -> Any:
    """What a method of the user's gives for a measure; a KeyError stays one."""
    missing: list[KeyError] = []

    def asked() -> Any:
        try:
            return method(measure)
        except KeyError as error:
            missing.append(error)
            return None

    found = function.call(name, asked)
    if missing:
        raise missing[0]
    return found


def _failed(name: str, error: Exception) -> BadInput:
    lines = str(error).splitlines() or [""]
    text = f"{name} failed: {type(error).__name__}: {lines[0][:300]}"
    return BadInput(text, "--debug shows where.")

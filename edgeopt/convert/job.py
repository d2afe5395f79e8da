"""One conversion: what a converter is given and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from edgeopt.convert.relaxation import Relaxation
from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.tensor import Binding
from edgeopt.sources.source import Source


class Job(Value, kw_only=True, frozen=True):
    """What a converter is given.

    Attributes:
        calibration: source input -> .npy file [n, *shape]; empty where there is no data.
        base: the artifact this one is made from (see `convert.base`), or None.
        folder: where to write; it exists and is empty.
        cache: a folder for what depends on source and calibration alone (see `calibrated`), or
            None.
        limit_s: after this the child is ended.
        relaxation: what is left out of the recipe, since its library fails on it (see `fallbacks`).
    """

    recipe: Recipe
    source: Source
    calibration: dict[str, str]
    base: str | None
    folder: str
    cache: str | None = None
    limit_s: float | None = None
    relaxation: Relaxation = Relaxation()

    @property
    def how(self) -> Quantization:
        """How integers are chosen, without what is left out."""
        assert self.recipe.quantization is not None
        return self.relaxation.eased(self.recipe.quantization)

    @property
    def count(self) -> int:
        """Calibration samples."""
        return min((len(array) for array in self._arrays().values()), default=0)

    def samples(self, limit: int | None = None, start: int = 0) -> Iterator[dict[str, np.ndarray]]:
        """Calibration samples one by one, {input: [*shape]}.

        Args:
            start, limit: the first one, and the one to stop before.
        """
        arrays = self._arrays()
        for i in range(start, min(self.count, limit or self.count)):
            yield {name: np.array(array[i], order="C") for name, array in arrays.items()}

    def _arrays(self) -> dict[str, np.ndarray]:
        return {name: np.load(path, mmap_mode="r") for name, path in self.calibration.items()}


class Made(Value, kw_only=True, frozen=True):
    """What a converter gives back.

    Attributes:
        main: name of the file in the job's folder that a session opens.
        permutes: source input or output -> axes that take the source's layout to the
            artifact's, where the converter changed it.
        tools: package -> version of what made it outside this environment.
    """

    main: str
    permutes: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    tools: dict[str, str] = msgspec.field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Converted(Value, kw_only=True, frozen=True):
    """A conversion that loads in its runtime.

    Attributes:
        tools: package -> version, of what made it.
    """

    main: str
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    tools: dict[str, str]
    notes: tuple[str, ...]

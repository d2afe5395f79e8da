"""Samples as .npy files in an artifact's own layout and element type, each form written once."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from edgeopt.datasets import pixels
from edgeopt.domain.model import content_id
from edgeopt.domain.tensor import Binding
from edgeopt.harness.in_sizes import Sizes
from edgeopt.runtimes.binding import from_artifact, to_artifact


class Inputs(Protocol):
    """What is fed to sessions: files in the form that an artifact takes."""

    def files(self, bindings: tuple[Binding, ...]) -> list[Path]: ...

    def timed(self) -> Inputs:
        """The inputs of runs that are timed, one inference each."""
        ...

    def __len__(self) -> int: ...


class Feed:
    """Samples of the source's inputs, given out in the form that an artifact takes.

    Preparing the form is outside every timed region, and the same for all artifacts
    that share a layout. Thread-safe.

    Attributes:
        sizes: of an axis that stays open; None: there is none.
        states: output -> input, of a model with a memory. Then a sample is a sequence: inputs are
            [n, steps, *shape], and those that are states [n, *shape], what each begins with.
    """

    def __init__(
        self,
        inputs: dict[str, np.ndarray],
        folder: Path,
        states: Mapping[str, str] | None = None,
        steps: Feed | None = None,
        sizes: Sizes | None = None,
    ) -> None:
        """`steps`: single ones with real states, to be timed. `sizes`: of an axis that is open."""
        self._inputs, self._folder, self._steps = inputs, folder, steps
        self.states, self.sizes = dict(states or {}), sizes
        self._files: dict[str, Path] = {}
        self._batched: dict[int, Feed] = {}
        self._turn = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return len(next(iter(self._inputs.values())))

    @property
    def steps(self) -> int:
        """Of a sequence; 1 where a sample is none."""
        carried = set(self.states.values())
        return (
            next(a.shape[1] for n, a in self._inputs.items() if n not in carried) if carried else 1
        )

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Of one inference's input, in the source."""
        lead = 2 if self._is_sequence(name) else 1
        return tuple(self._inputs[name].shape[lead:])

    def timed(self) -> Inputs:
        """The samples themselves; of sequences single steps with real states.

        Raises:
            ValueError: nobody gave some.
        """
        if not self.states:
            return self
        if self._steps is None:
            raise ValueError("sequences are not timed: single steps with real states are")
        return self._steps

    def files(self, bindings: tuple[Binding, ...]) -> list[Path]:
        """One .npy file [n, *shape] for each of the artifact's inputs, in session order.

        For an artifact that takes several samples at once n is so many times less.
        """
        ordered = sorted(bindings, key=lambda b: b.index)
        at_once = self._at_once(ordered)
        feed = self if at_once == 1 else self.in_batches(at_once)
        return [feed._file(binding) for binding in ordered]

    def in_batches(self, count: int) -> Feed:
        """The same samples, so many at once along their first axis; what is left over is dropped.

        Fewer than so many are repeated.

        Raises:
            ValueError: they are sequences.
        """
        if self.states:
            raise ValueError("sequences are not taken in batches")
        with self._turn:
            if count not in self._batched:
                arrays = {name: grouped(array, count) for name, array in self._inputs.items()}
                self._batched[count] = Feed(arrays, self._folder / f"batch-{count}")
            return self._batched[count]

    def cut_to(self, size: int) -> Feed:
        """The samples of one stated size of the open axis, cut to it; as they are without one.

        Where none is of that size, all of them: what is timed are their first places.
        """
        if self.sizes is None:
            return self
        with self._turn:
            if -size not in self._batched:
                self._batched[-size] = self._cut(size, self.sizes)
            return self._batched[-size]

    def _cut(self, size: int, sizes: Sizes) -> Feed:
        rows = sizes.rows(size)
        rows = rows if len(rows) else np.arange(len(self))
        arrays = {name: array[rows] for name, array in self._inputs.items()}
        return Feed(arrays, self._folder / f"size-{size}", sizes=Sizes(sizes.kept, None, size))

    def _at_once(self, bindings: Sequence[Binding]) -> int:
        """Samples that an artifact takes in one run, by the size of its inputs."""
        if self.states:
            return 1
        sizes = [
            (math.prod(b.shape), math.prod(self.shape_of(b.source)))
            for b in bindings
            if b.source in self._inputs
        ]
        ratios = {theirs // own if own and theirs % own == 0 else 1 for theirs, own in sizes}
        return max(1, *ratios) if len(ratios) == 1 else 1

    def _file(self, binding: Binding) -> Path:
        if self.sizes is not None:
            binding = self.sizes.bound(binding)
        form = [binding.source, binding.dtype, binding.shape, binding.permute, binding.scale,
                binding.zero_point]  # fmt: skip
        key = content_id(form)
        with self._turn:
            if key not in self._files:
                path = self._folder / f"{key}.npy"
                array = self._inputs[binding.source]
                pixels.save(path, array, functools.partial(self._formed, binding=binding))
                self._files[key] = path
            return self._files[key]

    def _formed(self, array: np.ndarray, binding: Binding) -> np.ndarray:
        """Some samples of an input in the artifact's form."""
        if self.sizes is not None:
            array = self.sizes.cut(binding.source, array)
        if not self._is_sequence(binding.source):
            return np.asarray(to_artifact(array, fields(binding)))
        flat = to_artifact(array.reshape(-1, *array.shape[2:]), fields(binding))
        return np.asarray(flat).reshape(*array.shape[:2], *binding.shape)

    def _is_sequence(self, name: str) -> bool:
        return bool(self.states) and name not in self.states.values()


def grouped(array: np.ndarray, count: int) -> np.ndarray:
    """[n, a, *rest] -> [n // count, count * a, *rest]; fewer than `count` samples are repeated."""
    array = np.asarray(array)  # of images that are bytes so far: all values of a batch at once
    if len(array) < count:
        array = np.resize(array, (count, *array.shape[1:]))
    groups = len(array) // count
    return array[: groups * count].reshape(groups, count * array.shape[1], *array.shape[2:])


def ungrouped(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back for answers: [n, count * a, *rest] -> [n * count, *shape]."""
    return array.reshape(-1, *shape)


def fields(binding: Binding) -> dict[str, Any]:
    """A binding as the device's code takes it."""
    return dict(msgspec.to_builtins(binding))


def as_source(array: np.ndarray, binding: Binding, shape: tuple[int, ...]) -> np.ndarray:
    """An artifact's output as the source would have given it: [n, *shape]."""
    return np.asarray(from_artifact(array, fields(binding)).reshape((len(array), *shape)))

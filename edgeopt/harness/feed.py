"""Samples as .npy files in an artifact's own layout and element type, each form written once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from edgeopt.domain.model import content_id
from edgeopt.domain.tensor import Binding
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
        states: output -> input, of a model with a memory. Then a sample is a sequence: inputs are
            [n, steps, *shape], and those that are states [n, *shape], what each begins with.
    """

    def __init__(
        self,
        inputs: dict[str, np.ndarray],
        folder: Path,
        states: Mapping[str, str] | None = None,
        steps: Feed | None = None,
    ) -> None:
        """`steps`: single ones with real states, to be timed."""
        self._inputs, self._folder, self._steps = inputs, folder, steps
        self.states = dict(states or {})
        self._files: dict[str, Path] = {}
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
        """One .npy file [n, *shape] for each of the artifact's inputs, in session order."""
        ordered = sorted(bindings, key=lambda b: b.index)
        return [self._file(binding) for binding in ordered]

    def _file(self, binding: Binding) -> Path:
        form = [binding.source, binding.dtype, binding.shape, binding.permute, binding.scale,
                binding.zero_point]  # fmt: skip
        key = content_id(form)
        with self._turn:
            if key not in self._files:
                path = self._folder / f"{key}.npy"
                np.save(path, self._formed(binding))
                self._files[key] = path
            return self._files[key]

    def _formed(self, binding: Binding) -> np.ndarray:
        array = self._inputs[binding.source]
        if not self._is_sequence(binding.source):
            return np.asarray(to_artifact(array, fields(binding)))
        flat = to_artifact(array.reshape(-1, *array.shape[2:]), fields(binding))
        return np.asarray(flat).reshape(*array.shape[:2], *binding.shape)

    def _is_sequence(self, name: str) -> bool:
        return bool(self.states) and name not in self.states.values()


def fields(binding: Binding) -> dict[str, Any]:
    """A binding as the device's code takes it."""
    return dict(msgspec.to_builtins(binding))


def as_source(array: np.ndarray, binding: Binding, shape: tuple[int, ...]) -> np.ndarray:
    """An artifact's output as the source would have given it: [n, *shape]."""
    return np.asarray(from_artifact(array, fields(binding)).reshape((len(array), *shape)))

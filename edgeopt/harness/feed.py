"""Samples as .npy files in an artifact's own layout and element type, each form written once."""

from __future__ import annotations

import threading
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

    def __len__(self) -> int: ...


class Feed:
    """Samples of the source's inputs, given out in the form that an artifact takes.

    Preparing the form is outside every timed region, and the same for all artifacts
    that share a layout. Thread-safe.
    """

    def __init__(self, inputs: dict[str, np.ndarray], folder: Path) -> None:
        self._inputs, self._folder = inputs, folder
        self._files: dict[str, Path] = {}
        self._turn = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return len(next(iter(self._inputs.values())))

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
                np.save(path, to_artifact(self._inputs[binding.source], fields(binding)))
                self._files[key] = path
            return self._files[key]


def fields(binding: Binding) -> dict[str, Any]:
    """A binding as the device's code takes it."""
    return dict(msgspec.to_builtins(binding))


def as_source(array: np.ndarray, binding: Binding, shape: tuple[int, ...]) -> np.ndarray:
    """An artifact's output as the source would have given it: [n, *shape]."""
    return np.asarray(from_artifact(array, fields(binding)).reshape((len(array), *shape)))
